"""What somebody writes today who does not like the clients: openstacksdk, one image after the other.

    delete_images.py METHOD IMAGE_ID …

METHOD is `proxy`, which sends no more than the DELETE, or `connection`, the call for people in a hurry, which looks at
each image before.
"""

import sys

import openstack

connection = openstack.connect()
delete = {"proxy": connection.image.delete_image, "connection": connection.delete_image}[sys.argv[1]]
for image_id in sys.argv[2:]:
    delete(image_id)
