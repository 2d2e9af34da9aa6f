#!/bin/sh
# Makes the certificates of this folder anew (OpenSSL 3): keys that guard nothing, for servers on 127.0.0.1.
# good.pem is what authority.pem vouches for; each of the others is wrong in one way, told by its name.
set -eu
out=$(cd "$(dirname "$0")" && pwd)
cd "$(mktemp -d)"

new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

# name, alternative name, first day, last day, then how it is signed
sign() {
  name=$1 alternative=$2 first=$3 last=$4
  shift 4
  printf '%s\n' '[ca]' 'default_ca=d' '[d]' 'new_certs_dir=.' 'database=index.txt' 'serial=serial' \
    'default_md=sha256' 'policy=p' '[p]' 'commonName=supplied' \
    '[e]' "basicConstraints=critical,$constraints" "keyUsage=critical,$usage" "subjectAltName=$alternative" \
    'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' > ca.cnf
  : > index.txt
  openssl rand -hex 8 > serial
  openssl req -new -key "$name.key" -subj "/CN=wattshift test $name" -out "$name.csr"
  openssl ca -batch -notext -config ca.cnf -extensions e -startdate "${first}000000Z" -enddate "${last}000000Z" \
    -in "$name.csr" -out "$name.crt" "$@"
}

for name in authority stranger good expired future elsewhere unknown self; do new_key $name; done
openssl genrsa -out weak.key 1024

constraints=CA:TRUE usage=keyCertSign
for name in authority stranger; do
  sign $name "DNS:$name.example" 20200101 21200101 -selfsign -keyfile $name.key
done
constraints=CA:FALSE usage=digitalSignature
by_authority="-cert authority.crt -keyfile authority.key"
sign good IP:127.0.0.1 20200101 21200101 $by_authority
sign expired IP:127.0.0.1 20200101 20210101 $by_authority
sign future IP:127.0.0.1 21190101 21200101 $by_authority
sign elsewhere DNS:elsewhere.example 20200101 21200101 $by_authority
sign weak IP:127.0.0.1 20200101 21200101 $by_authority
sign unknown IP:127.0.0.1 20200101 21200101 -cert stranger.crt -keyfile stranger.key
sign self IP:127.0.0.1 20200101 21200101 -selfsign -keyfile self.key

for name in good expired future elsewhere unknown weak self; do cat $name.crt $name.key > "$out/$name.pem"; done
cp authority.crt "$out/authority.pem"
