# API guide, 1.3.6 "Get Logs": "An example in python for retrieving and extracting that zip file", as printed, with
# print() as Python 3 wants it. Who runs it gives the token and an existing directory.
import sys
import requests
import zipfile
import io

token, directory_path = sys.argv[1:]

resp = requests.get("http://localhost:5000/api/v1/install/logs/13",auth=(token,
"unused"))

try:
    zip = zipfile.ZipFile(io.BytesIO(resp.content))
    zip.extractall(directory_path)
except zipfile.BadZipfile:
    print("No session logs.")
