#!/bin/sh
# Made by ompay provision. The certificate of this host's site, from an ACME server by certbot.
#   fault    says why another certificate must be got, and exits 1; exits 0 when there is nothing to do
#   renew    gets another when there is a fault
#   install  puts what certbot got where it is served from; certbot calls it too
set -eu
export LC_ALL=C

name=api.ompay.sn
server=https://acme-v02.api.letsencrypt.org/directory
days=30
site=/etc/ompay/tls/site.pem
live=/etc/letsencrypt/live/ompay
settings=/etc/letsencrypt/renewal/ompay.conf

# Served is this one file: the chain, then its key, so that both change by one rename.
joined() {
  cat "$live/fullchain.pem" "$live/privkey.pem" | grep -v '^$'
}

seconds_of() {
  date -d "$(openssl x509 -noout "-$1" -in "$live/cert.pem" | cut -d= -f2)" +%s
}

fault() {
  [ -s "$live/cert.pem" ] && [ -s "$live/privkey.pem" ] || { echo 'there is no certificate'; return 1; }
  openssl x509 -noout -checkhost "$name" -in "$live/cert.pem" | grep -q 'does match' || { echo "it is not for $name"; return 1; }
  grep -qxF "server = $server" "$settings" || { echo "it is not from $server"; return 1; }
  from=$(seconds_of startdate)
  to=$(seconds_of enddate)
  now=$(date +%s)
  left=$((to - now))
  # One that lives less than three times as long is renewed in its last third.
  limit=$((days * 86400))
  third=$(((to - from) / 3))
  [ "$third" -ge "$limit" ] || limit=$third
  [ "$left" -gt "$limit" ] || { echo "it ends in $((left / 86400)) days"; return 1; }
  joined | cmp -s - "$site" || { echo 'it is not what is served'; return 1; }
}

get() {
  timeout 240 certbot certonly --non-interactive --quiet --agree-tos --cert-name ompay --domain "$name" \
    --server "$server" --email ops@ompay.sn --standalone --http-01-address 127.0.0.1 --http-01-port 8089 \
    --key-type ecdsa --elliptic-curve secp256r1 --force-renewal --renew-with-new-domains \
    --deploy-hook "/usr/local/lib/ompay/certificate install"
}

install_it() {
  umask 077
  new=$(mktemp "$site.XXXXXX")
  trap 'rm -f "$new"' EXIT
  joined >"$new"
  chown root:root "$new"
  chmod 600 "$new"
  sync "$new"
  mv -f "$new" "$site"
  socket=/run/haproxy/admin.sock
  [ -S "$socket" ] || return 0
  { printf 'set ssl cert %s <<\n' "$site"; cat "$site"; printf '\n'; } | socat -t 5 - "UNIX-CONNECT:$socket" >/dev/null || true
  said=$(printf 'commit ssl cert %s\n' "$site" | socat -t 5 - "UNIX-CONNECT:$socket") || true
  case $said in *Success*) ;; *) systemctl reload haproxy.service ;; esac
}

case ${1-} in
  fault) fault ;;
  install) install_it ;;
  renew)
    why=$(fault) && exit 0
    echo "asking $server for a certificate of $name: $why"
    [ "$why" = 'it is not what is served' ] || get
    joined | cmp -s - "$site" || install_it
    ;;
  *)
    echo 'usage: certificate fault|renew|install' >&2
    exit 2
    ;;
esac
