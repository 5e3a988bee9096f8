import base64, hashlib, hmac, urllib.parse
def sign(path, params, key):
    text = path + "?" + urllib.parse.urlencode(sorted(params.items()))
    mac = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
