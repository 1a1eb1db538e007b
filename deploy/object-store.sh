#!/usr/bin/env bash
# An object store on one node: Ceph's monitor, one disc (a sparse file) and the S3 gateway with Object Lock.
#   object-store.sh run      in the foreground, for a container: until TERM, then everything is stopped in order
#   object-store.sh start    in the background; returns when the store answers
#   object-store.sh stop     ends what `start` or `run` has started over this folder
#   object-store.sh ready    exit code 0 when the store answers
# No systemd, cephadm, manager daemon or root. Needs ceph-mon, ceph-osd, radosgw, radosgw-admin, ceph, openssl,
# setpriv, flock. Ceph 16 to 20. Data survive `kill -9`; a second `start` finds the first.
#
#   OBJECT_STORE_FOLDER           everything lies below it; required
#   OBJECT_STORE_BIND             address of the S3 interface (127.0.0.1); 0.0.0.0 in a container
#   OBJECT_STORE_PORT             its port (7443); TLS only
#   OBJECT_STORE_MONITOR_PORT     the monitor's (23300), below what the kernel gives to clients; a store that is there
#                                 keeps its own. Monitor and disc are on 127.0.0.1, always
#   OBJECT_STORE_SIZE             most that it holds (16G); changing it later has no effect
#   OBJECT_STORE_ACCESS_KEY       the service's user (evidence)
#   OBJECT_STORE_SECRET_FILE      a file with its secret key, one line of letters and digits; required
#   OBJECT_STORE_CERTIFICATE, OBJECT_STORE_CERTIFICATE_KEY    PEM files; absent: a certificate of its own, tls.crt
#   OBJECT_STORE_NAMES            further names in that certificate (DNS:object-store,IP:192.0.2.7)
#   OBJECT_STORE_REGION           (us-east-1)
#   OBJECT_STORE_SECOND_ACCESS_KEY, OBJECT_STORE_SECOND_SECRET_FILE    a second user, for tests; absent: none
#
# Exit codes: 2 wrong use, 3 a program is missing, 4 a port or the folder is taken, 1 anything else.
# One copy of the data, no key between the daemons: whoever is root here can change what is stored, Object Lock or
# not. When the store is full, a PUT waits without end and without an error: clients need time-outs.
set -euo pipefail
export LC_ALL=C
umask 077
say() { printf 'object-store: %s\n' "$*" >&2; }
fail() { local code=$1; shift; say "$*"; exit "$code"; }

need_programs() {
  local program missing='' needed='ceph-mon ceph-osd radosgw radosgw-admin monmaptool ceph setpriv flock numfmt'
  # Only a store that makes its own certificate needs openssl; an image may not hold it.
  [ -n "${OBJECT_STORE_CERTIFICATE:-}" ] || needed="$needed openssl"
  for program in $needed; do
    command -v "$program" >/dev/null || missing="$missing $program"
  done
  [ -z "$missing" ] || fail 3 "missing:$missing. Debian: apt-get install -y --no-install-recommends" \
    "radosgw ceph-mon ceph-osd ceph-common openssl"
}

COMMAND=${1:-}
case "$COMMAND" in
  run | start | stop | ready) ;;
  *) head -n 7 "$0" | tail -n +2 >&2; exit 2 ;;
esac
need_programs
FOLDER=${OBJECT_STORE_FOLDER:-}
[ -n "$FOLDER" ] || fail 2 "OBJECT_STORE_FOLDER is not set"
mkdir -p "$FOLDER"
FOLDER=$(cd "$FOLDER" && pwd -P)
BIND=${OBJECT_STORE_BIND:-127.0.0.1}
NEAR=${BIND/#0.0.0.0/127.0.0.1}
PORT=${OBJECT_STORE_PORT:-7443}
SIZE=${OBJECT_STORE_SIZE:-16G}
REGION=${OBJECT_STORE_REGION:-us-east-1}
CONF=$FOLDER/ceph.conf
MONITOR_PORT=$(sed -n 's|^mon_host = \[v2:127\.0\.0\.1:\([0-9]*\)/0\]$|\1|p' "$CONF" 2>/dev/null || true)
MONITOR_PORT=${OBJECT_STORE_MONITOR_PORT:-${MONITOR_PORT:-23300}}
CERTIFICATE=$(realpath -m -- "${OBJECT_STORE_CERTIFICATE:-$FOLDER/tls.crt}")
CERTIFICATE_KEY=$(realpath -m -- "${OBJECT_STORE_CERTIFICATE_KEY:-$FOLDER/tls.key}")
SECRET_FILE=${OBJECT_STORE_SECRET_FILE:+$(realpath -m -- "$OBJECT_STORE_SECRET_FILE")}
SECOND_SECRET_FILE=${OBJECT_STORE_SECOND_SECRET_FILE:+$(realpath -m -- "$OBJECT_STORE_SECOND_SECRET_FILE")}
GATEWAY_LIMIT=3 DISC_LIMIT=4 MONITOR_LIMIT=2     # seconds to a stop; then KILL. The sum is below docker's ten.

listens() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; } # ADDRESS PORT

need_ports() {
  if listens "$NEAR" "$PORT"; then fail 4 "port $PORT (OBJECT_STORE_PORT) is taken by another program"; fi
  if listens 127.0.0.1 "$MONITOR_PORT"; then
    fail 4 "port $MONITOR_PORT (the monitor's, OBJECT_STORE_MONITOR_PORT) is taken by another program"
  fi
}

# The gateway's settings are split at blanks, so it is given names without any: links in its working folder.
write_certificate() {
  ln -sfn "$CERTIFICATE" "$FOLDER/gateway.crt"
  ln -sfn "$CERTIFICATE_KEY" "$FOLDER/gateway.key"
  [ -z "${OBJECT_STORE_CERTIFICATE:-}" ] || return 0
  [ ! -s "$FOLDER/tls.crt" ] || return 0
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -config <(printf '%s\n' \
    '[req]' 'prompt = no' 'distinguished_name = name' 'x509_extensions = more' '[name]' 'CN = object-store' '[more]' \
    'basicConstraints = critical, CA:TRUE, pathlen:0' 'keyUsage = critical, digitalSignature, keyCertSign' \
    'subjectKeyIdentifier = hash' 'extendedKeyUsage = serverAuth' \
    "subjectAltName = DNS:localhost, IP:127.0.0.1${OBJECT_STORE_NAMES:+, $OBJECT_STORE_NAMES}") \
    -keyout "$FOLDER/tls.key" -out "$FOLDER/tls.new" 2>"$FOLDER/log/openssl.log"
  chmod 644 "$FOLDER/tls.new"
  mv "$FOLDER/tls.new" "$FOLDER/tls.crt"
}

write_conf() {
  [ -s "$FOLDER/fsid" ] || cat /proc/sys/kernel/random/uuid >"$FOLDER/fsid"
  local bytes; bytes=$(numfmt --from=iec "$SIZE")
  # Without keys (auth … none) the monitor must be spoken to in mode crc: radosgw's own choice, secure, never connects.
  cat >"$CONF" <<END
[global]
fsid = $(cat "$FOLDER/fsid")
mon_initial_members = a
mon_host = [v2:127.0.0.1:$MONITOR_PORT/0]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_ipv6 = false
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_cluster_mode = crc
ms_service_mode = crc
ms_client_mode = crc
ms_mon_client_mode = crc
run_dir = $FOLDER/run
admin_socket =
crash_dir = $FOLDER/log
log_to_file = false
log_to_stderr = true
err_to_stderr = true
mon_cluster_log_to_file = false
mon_cluster_log_to_stderr = false
log_stderr_prefix = \$name:
debug_mon = 0/1
debug_paxos = 0/1
debug_osd = 0/1
debug_bdev = 0/1
debug_bluefs = 0/1
debug_bluestore = 0/1
debug_rocksdb = 0/1
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
[mon]
mon_data = $FOLDER/mon
mon_data_avail_crit = 0
mon_data_avail_warn = 1
mon_warn_on_pool_no_redundancy = false
paxos_propose_interval = 0.05
[osd]
osd_data = $FOLDER/osd
osd_journal =
osd_objectstore = bluestore
bluestore_block_path =
bluestore_block_create = true
bluestore_block_size = $bytes
bluestore_fsck_on_mkfs = false
# A gateway killed with kill -9 is waited for by whoever changes a bucket, until its watch ends: 5 s, not 30.
osd_client_watch_timeout = 5
osd_memory_target = 939524096
osd_op_num_shards = 2
osd_op_num_threads_per_shard = 2
[client]
# A client that starts before the disc asks for the new map after a second, not after ten.
objecter_tick_interval = 0.5
objecter_timeout = 1
[client.rgw]
rgw_data = $FOLDER/run
rgw_frontends = beast tcp_nodelay=1 ssl_endpoint=$BIND:$PORT ssl_certificate=gateway.crt ssl_private_key=gateway.key ssl_options=no_sslv2:no_sslv3:no_tlsv1:no_tlsv1_1
rgw_enable_apis = s3
rgw_enable_usage_log = false
rgw_run_sync_thread = false
rgw_rados_pool_pg_num_min = 4
rgw_thread_pool_size = 64
rgw_max_put_size = 5368709120
END
}

# Daemons run as children in the foreground. They die with this script whatever ends it, and hold its lock (fd 9) while
# they live: a start after `kill -9` waits until the last of them is gone.
daemon() { setpriv --pdeathsig KILL -- "$@" -c "$CONF" -f </dev/null & }

make_monitor() {
  [ ! -e "$FOLDER/mon.made" ] || return 0
  [ ! -e "$FOLDER/osd.made" ] || fail 1 "$FOLDER holds a disc without its monitor: not touched"
  rm -rf "$FOLDER/mon" "$FOLDER/osd.uuid" "$FOLDER/users" "$FOLDER/region"; mkdir "$FOLDER/mon"
  monmaptool --create --clobber --fsid "$(cat "$FOLDER/fsid")" --set-min-mon-release 16 \
    --addv a "[v2:127.0.0.1:$MONITOR_PORT]" "$FOLDER/monmap" >"$FOLDER/log/monmap.log" 2>&1
  ceph-mon -c "$CONF" --mkfs -i a --monmap "$FOLDER/monmap" >"$FOLDER/log/make-monitor.log" 2>&1 ||
    fail 1 "no monitor can be made: $(tail -n 3 "$FOLDER/log/make-monitor.log")"
  touch "$FOLDER/mon.made"
}

make_disc() {
  [ ! -e "$FOLDER/osd.made" ] || return 0
  [ -s "$FOLDER/osd.uuid" ] || cat /proc/sys/kernel/random/uuid >"$FOLDER/osd.uuid"
  local uuid; uuid=$(cat "$FOLDER/osd.uuid")
  rm -rf "$FOLDER/osd"; mkdir "$FOLDER/osd"
  ceph -c "$CONF" --connect-timeout 30 osd new "$uuid" 0 >"$FOLDER/log/new-disc.log" 2>&1 ||
    fail 1 "the monitor does not take the disc: $(tail -n 3 "$FOLDER/log/new-disc.log")"
  ceph-osd -c "$CONF" -i 0 --mkfs --osd-uuid "$uuid" >"$FOLDER/log/make-disc.log" 2>&1 ||
    fail 1 "no disc can be made: $(tail -n 3 "$FOLDER/log/make-disc.log")"
  touch "$FOLDER/osd.made"
}

admin() { radosgw-admin -c "$CONF" -n client.admin "$@" 2>>"$FOLDER/log/admin.log"; }

# A user with the secret of a file, also when the file has changed. The secret goes through pipes, never through a
# command line, which others on the machine can read.
make_user() {
  local name=$1 key=$2 secret_file=$3 secret mark record old
  [ -r "$secret_file" ] || fail 2 "the secret's file $secret_file cannot be read"
  secret=$(head -n 1 "$secret_file")
  [[ $secret =~ ^[A-Za-z0-9]{16,128}$ ]] || fail 2 "$secret_file: 16 to 128 letters and digits are needed"
  mark=$(printf '%s' "$key $secret" | sha256sum | cut -c 1-64)
  [ "$(cat "$FOLDER/users/$name" 2>/dev/null)" != "$mark" ] || return 0
  record=$(admin metadata get "user:$name") || {
    admin user create --uid="$name" --display-name="$name" --access-key="$key" --gen-secret >/dev/null ||
      fail 1 "user $name cannot be made: $(tail -n 3 "$FOLDER/log/admin.log")"
    record=$(admin metadata get "user:$name")
  }
  [[ $record == *"\"access_key\": \"$key\""* ]] || fail 2 "user $name has another access key; it cannot be changed here"
  old=${record#*\"secret_key\": \"}; old=${old%%\"*}
  printf '%s' "${record/"$old"/"$secret"}" | admin metadata put "user:$name" || fail 1 "user $name cannot be changed"
  mkdir -p "$FOLDER/users"; printf '%s' "$mark" >"$FOLDER/users/$name"
}

make_users() {
  make_user evidence "${OBJECT_STORE_ACCESS_KEY:-evidence}" "$SECRET_FILE"
  [ -z "${OBJECT_STORE_SECOND_ACCESS_KEY:-}" ] ||
    make_user second "$OBJECT_STORE_SECOND_ACCESS_KEY" "$SECOND_SECRET_FILE"
}

set_region() {
  [ "$(cat "$FOLDER/region" 2>/dev/null)" != "$REGION" ] || return 0
  admin zonegroup modify --rgw-zonegroup=default --api-name="$REGION" >/dev/null ||
    fail 1 "the region cannot be set: $(tail -n 3 "$FOLDER/log/admin.log")"
  printf '%s' "$REGION" >"$FOLDER/region"
}

GATEWAY='' DISC='' MONITOR=''
lives() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

end() { # PID SECONDS NAME
  lives "$1" && kill -TERM "$1" 2>/dev/null || return 0
  local i
  for ((i = 0; i < $2 * 20; i++)); do
    if lives "$1"; then sleep 0.05; else return 0; fi
  done
  say "$3 did not stop in $2 s and is killed (safe: what it acknowledged is on disc)"
  kill -KILL "$1" 2>/dev/null || return 0
}

end_all() {
  trap '' TERM INT
  rm -f "$FOLDER/answers"
  end "$GATEWAY" "$GATEWAY_LIMIT" gateway
  end "$DISC" "$DISC_LIMIT" disc
  end "$MONITOR" "$MONITOR_LIMIT" monitor
}

run() {
  [ -n "$SECRET_FILE" ] || fail 2 "OBJECT_STORE_SECRET_FILE is not set"
  exec 9>>"$FOLDER/lock"
  flock -w 10 9 || fail 4 "a store runs over $FOLDER already"
  rm -f "$FOLDER/answers"
  need_ports
  mkdir -p "$FOLDER/log" "$FOLDER/run"
  cd "$FOLDER"
  write_certificate
  write_conf
  trap 'end_all; exit 0' TERM INT; trap 'end_all' EXIT
  printf '%s' "$$" >"$FOLDER/pid"
  make_monitor
  daemon ceph-mon -i a; MONITOR=$!
  make_disc
  daemon ceph-osd -i 0; DISC=$!
  make_users
  set_region
  daemon radosgw -n client.rgw; GATEWAY=$!
  until listens "$NEAR" "$PORT"; do
    lives "$MONITOR" && lives "$DISC" && lives "$GATEWAY" || fail 1 "a daemon ended; its last words are above"
    sleep 0.1
  done
  touch "$FOLDER/answers"
  say "ready on https://$BIND:$PORT"
  wait -n || true
  fail 1 "a daemon ended; its last words are above"
}

runs() { [ -e "$FOLDER/lock" ] && ! flock -n "$FOLDER/lock" true; }

start() {
  local tries=0
  runs || {
    need_ports
    rm -f "$FOLDER/answers"; mkdir -p "$FOLDER/log"
    setsid bash "$0" run </dev/null >>"$FOLDER/log/store.log" 2>&1 &
  }
  until [ -e "$FOLDER/answers" ]; do
    sleep 0.2; tries=$((tries + 1))
    [ "$tries" -lt 10 ] || runs || { tail -n 5 "$FOLDER/log/store.log" >&2; fail 1 "the store did not start; why stands above"; }
    [ "$tries" -lt 600 ] || fail 1 "the store does not answer; see $FOLDER/log/store.log"
  done
}

stop() {
  runs || return 0
  kill -TERM "$(cat "$FOLDER/pid")"
  flock -w 30 "$FOLDER/lock" true || fail 1 "the store did not stop"
}

case "$COMMAND" in
  run | start | stop) "$COMMAND" ;;
  ready) [ -e "$FOLDER/answers" ] && runs && listens "$NEAR" "$PORT" ;;
esac
