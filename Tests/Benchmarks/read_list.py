"""Reads a list of images page after page, and counts the nightly ones: the least that a script does to select."""

import json
import sys
import urllib.request

address = f"{sys.argv[1]}/images?limit=500"
marker = ""
count = 0
while images := json.load(urllib.request.urlopen(address + marker))["images"]:
    count += sum(image["name"].startswith("nightly-") for image in images)
    marker = f"&marker={images[-1]['id']}"
print(count)
