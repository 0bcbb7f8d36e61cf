# API guide, "Overview": an access token with user name and password, as printed.
import requests
answer = requests.get("http://localhost:5000/api/v1/token", auth=("<username>",
"<password>"))

print(answer.json()["token"])
