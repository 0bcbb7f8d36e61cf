# API guide, 1.1.1 "Create Hosts": the sample request with the Python example, whose text the guide's PDF shows as an
# image: requests.post with the token as user name and "unused" as password.
import sys
import requests

token = sys.argv[1]
payload = [{
  "hostname": "My Host 1",
  "region": "SJ Labs",
  "roles": "PE",
  "connection_type": "telnet",
  "ts_or_ip": "172.28.98.2",
  "username": "cisco",
  "password": "cisco"
}, {
  "hostname": "My Host 2",
  "region": "SJ Labs",
  "roles": "PE",
  "connection_type": "telnet",
  "ts_or_ip": "172.28.98.3",
  "username": "cisco",
  "password": "cisco"
}]
resp = requests.post("http://localhost:5000/api/v1/hosts", auth=(token, "unused"), json=payload)

print(resp.status_code, resp.text)
