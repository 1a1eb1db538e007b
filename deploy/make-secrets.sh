#!/usr/bin/env bash
# Makes what docker-compose.yml reads as secrets: passwords, and certificates of an authority that is the site's own.
#   make-secrets.sh FOLDER NAME [--keep-owner]
# NAME is the name (or address) by which docks reach the site. What is there stays: to renew a file, remove it and run
# this again; what rests on it (broker-users on the broker's password, certificates on the authority) is made anew with
# it. Database and object store keep the passwords they were made with: change those there too. Run as root, so that
# each file is given to the one account that reads it; --keep-owner leaves that out (an engine without root gives every
# container one account). Needs openssl.
#
# The authority's key, authority-key, is read by no container. Keep it somewhere else.
# A certificate that the docks trust already: put it into proxy-certificate (with its chain) and proxy-key.
set -euo pipefail
umask 077

# file                        owner group mode      owners are the `user` of the services in docker-compose.yml
TABLE="
authority-key                 0     0     400
inside-authority              0     0     444
database-password             999   10001 440
database-superuser-password   999   999   400
postgres-certificate          0     0     444
postgres-key                  999   999   400
broker-password               10003 10001 440
broker-users                  10003 10003 400
object-store-secret           10004 10001 440
object-store-certificate      0     0     444
object-store-key              10004 10004 400
api-certificate               0     0     444
api-key                       10001 10001 400
proxy-certificate             0     0     444
proxy-key                     10005 10005 400
"

FOLDER=${1:-} NAME=${2:-} KEEP=${3:-}
[ -n "$FOLDER" ] && [ -n "$NAME" ] && { [ -z "$KEEP" ] || [ "$KEEP" = --keep-owner ]; } || {
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
}
[ "$KEEP" = --keep-owner ] || [ "$(id -u)" = 0 ] || { echo "run as root, or with --keep-owner" >&2; exit 2; }

# What openssl says is shown where it fails.
loud() { local said; said=$("$@" 2>&1) || { printf '%s\n' "$said" >&2; return 1; }; }

# Openssl says whether an address is one, before anything is made.
LABEL='[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?'
case "$NAME" in *:*:*) KIND=IP ;; *[!0-9.]*) KIND=DNS ;; *) KIND=IP ;; esac
{ [ $KIND = IP ] || [[ $NAME =~ ^$LABEL(\.$LABEL)*$ ]]; } &&
  loud openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null -out /dev/null \
    -subj /CN=any -config <(printf '%s\n' '[req]' 'distinguished_name = n' 'x509_extensions = x' '[n]' '[x]' \
    "subjectAltName = $KIND:$NAME") || {
  echo "\"$NAME\" is no name and no address; a port is not part of it" >&2
  exit 2
}

# However it ends, nothing half stays, and each file belongs to its account.
settle() {
  local file owner group mode
  while read -r file owner group mode; do
    [ -n "$file" ] || continue
    rm -f "$file.new"
    [ -e "$file" ] || continue
    [ "$KEEP" = --keep-owner ] || chown "$owner:$group" "$file"
    chmod "$mode" "$file"
  done <<<"$TABLE"
}

mkdir -p "$FOLDER"
cd "$FOLDER"
trap settle EXIT
there=" $(echo *) "

new_key() { loud openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$1"; }

password() { [ -s "$1" ] || { openssl rand -hex 24 >"$1.new" && mv "$1.new" "$1"; }; }

authority() {
  [ ! -s inside-authority ] || return 0
  new_key authority-key.new
  loud openssl req -x509 -new -key authority-key.new -days 3650 -subj "/CN=evidence inside authority" -config <(printf '%s\n' \
    '[req]' 'distinguished_name = name' 'x509_extensions = more' '[name]' '[more]' \
    'basicConstraints = critical, CA:TRUE, pathlen:0' 'keyUsage = critical, keyCertSign, cRLSign' \
    'subjectKeyIdentifier = hash') -out inside-authority.new
  mv authority-key.new authority-key
  mv inside-authority.new inside-authority
}

# Whether a certificate is there with its key, and is another authority's or this one's as it is now.
stands() { # FILE KEY
  [ -s "$1" ] && [ -s "$2" ] || return 1
  openssl verify -CAfile inside-authority "$1" >/dev/null 2>&1 ||
    [ "$(openssl x509 -in "$1" -noout -issuer_hash)" != "$(openssl x509 -in inside-authority -noout -subject_hash)" ]
}

certificate() { # FILE KEY DAYS NAMES
  ! stands "$1" "$2" || return 0
  [ -s authority-key ] || { echo "$1 is to be made, and authority-key is not here for it" >&2; exit 1; }
  new_key "$2.new"
  openssl req -new -key "$2.new" -subj "/CN=${1%-certificate}" -config <(printf '[req]\ndistinguished_name = n\n[n]\n') |
    loud openssl x509 -req -CA inside-authority -CAkey authority-key -set_serial "0x$(openssl rand -hex 16)" -days "$3" \
      -extfile <(printf '%s\n' 'basicConstraints = critical, CA:FALSE' 'keyUsage = critical, digitalSignature' \
        'extendedKeyUsage = serverAuth' 'authorityKeyIdentifier = keyid' "subjectAltName = $4") \
      -out "$1.new"
  mv "$2.new" "$2"
  mv "$1.new" "$1"
}

for name in database-password database-superuser-password broker-password object-store-secret; do password "$name"; done
# Everything a queue needs, nothing that empties, stops or reads out the server.
DIGEST=$(tr -d '\n' <broker-password | openssl dgst -sha256 -r | cut -c 1-64)
grep -qs "#$DIGEST " broker-users || {
  printf 'user default on #%s ~* &* +@all -@admin -@dangerous\n' "$DIGEST" >broker-users.new
  mv broker-users.new broker-users
}
authority
certificate postgres-certificate postgres-key 3650 DNS:postgres
certificate object-store-certificate object-store-key 3650 DNS:object-store
certificate api-certificate api-key 3650 DNS:api,DNS:api-1,DNS:api-2,DNS:localhost
certificate proxy-certificate proxy-key 825 "$KIND:$NAME"

made=''
while read -r file _; do
  [ -z "$file" ] || [ ! -e "$file" ] || [[ $there == *" $file "* ]] || made="$made $file"
done <<<"$TABLE"
if [ -n "$made" ]; then echo "made in $PWD:$made"; else echo "nothing to make: all is in $PWD already"; fi
[ ! -e authority-key ] || echo "authority-key is read by no container: take it off this machine"
