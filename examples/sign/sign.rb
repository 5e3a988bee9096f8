require "openssl"
require "uri"
def sign(path, params, key)
  mac = OpenSSL::HMAC.digest("SHA256", key, "#{path}?#{URI.encode_www_form(params.sort)}")
  [mac].pack("m0").tr("+/", "-_").delete("=")
end
