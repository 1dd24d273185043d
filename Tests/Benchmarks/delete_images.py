"""What somebody writes today who does not like the clients: openstacksdk, one image after the other."""

import sys

import openstack

image = openstack.connect().image
for image_id in sys.argv[1:]:
    image.delete_image(image_id, ignore_missing=False)
