#!/bin/sh
# The one script that people and CI use. It needs only sh and python3; what else is missing it sets up first.
#   ./dev.sh demo          the main job: a recorder card goes in, sealed originals and a gap report come out
#   ./dev.sh test [ARGS]   check + all tests (ARGS go to pytest); --whole first: all of them, nothing by lot;
#                          --grown: the same on PostgreSQL, S3, Redis and workers
#   ./dev.sh check         ruff, mypy strict, import contracts, house tests
#   ./dev.sh run [ARGS]    a service on a fresh or existing ./var/run (ARGS go to `evidence serve`)
#   ./dev.sh bench NAME    ingest | examine | engines | ledger | rebuild | reports | package | pages | load | growth
#   ./dev.sh drill NAME|all  every fault that applies, a table at the end; `drill list`, `drill probe`
#   ./dev.sh simulate --cameras 100000 --days 30 [--seed N]   the rules and the load on a simulated clock
#   ./dev.sh exec CMD…     a command inside the environment, in the folder where you stand
#   ./dev.sh lock          make both locks anew from pyproject.toml (hashes only, no address)
# test, bench and drill also install PostgreSQL, Redis, Ceph and nginx; none of them is started on the machine itself.
set -eu
caller=$PWD
cd "$(dirname "$0")"
PATH=$PATH:/usr/sbin:/sbin      # an ordinary user's may lack them, and servers live there
export PATH
ENV=${EVIDENCE_ENV:-.venv}

say() { printf '%s\n' "$*" >&2; }

# What `test`, `bench` and `drill` start by themselves on ports of their own: package:command, or package:/a/pattern.
SERVERS="postgresql:/usr/lib/postgresql/*/bin/postgres redis-server:redis-server nginx-light:nginx
  ceph-mon:ceph-mon ceph-osd:ceph-osd ceph-common:ceph radosgw:radosgw
  chromium:chromium fonts-wqy-zenhei:/usr/share/fonts/truetype/wqy/* iproute2:ip curl:curl
  xorriso:xorriso genisoimage:genisoimage libseccomp2:/usr/lib/*/libseccomp.so.2"

missing_debs() {
  for pair in ffmpeg:ffmpeg bubblewrap:bwrap openssl:openssl strace:strace util-linux:prlimit "$@"; do
    case "${pair#*:}" in
      /*) ls ${pair#*:} >/dev/null 2>&1 ;;      # unquoted: it is a pattern
      *)  command -v "${pair#*:}" >/dev/null 2>&1 ;;
    esac || printf '%s ' "${pair%%:*}"
  done
}

# Installing starts no daemon, now or at the next boot, and makes no database cluster. What is written for that is
# taken away again, and a rule of the machine's owner is put back.
apt_install() (
  rule=/usr/sbin/policy-rc.d; cluster=/etc/postgresql-common/createcluster.d/evidence-tests.conf
  trap 'rm -f "$cluster" "$rule"; [ ! -e "$rule.kept" ] || mv "$rule.kept" "$rule"' EXIT
  trap 'exit 1' HUP INT TERM
  new=
  for unit in redis-server nginx ceph-crash rbdmap smartmontools; do      # the last three come along with Ceph
    [ -e "/lib/systemd/system/$unit.service" ] || new="$new $unit"
  done
  [ -e "$rule.kept" ] || [ ! -e "$rule" ] || cp -p "$rule" "$rule.kept"
  printf '#!/bin/sh\nexit 101\n' > "$rule"; chmod 755 "$rule"
  mkdir -p "${cluster%/*}"; echo "create_main_cluster = false" > "$cluster"
  apt-get update -qq || exit 1
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null || exit 1
  for unit in $new; do systemctl --quiet disable "$unit" 2>/dev/null || true; done
)

install_debs() {
  want=$(missing_debs "$@")
  [ -z "$want" ] && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "安装 Debian 软件包 / installing Debian packages: $want"
    # shellcheck disable=SC2086
    apt_install $want
  else
    say "缺少软件包，请运行 / packages are missing, please run:  apt-get install -y --no-install-recommends $want"
    exit 1
  fi
}

make_env() {
  stamp=$(cksum < requirements.lock | tr ' \t' '--')
  [ -f "$ENV/.stamp" ] && [ "$(cat "$ENV/.stamp")" = "$stamp" ] && return 0
  say "建立 Python 环境 / setting up the Python environment in $ENV"
  if [ ! -x "$ENV/bin/python" ]; then
    python3 -m venv "$ENV" >/dev/null 2>&1 || {
      rm -rf "$ENV"
      if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
        python3 -m venv "$ENV"
      else
        say "缺少 venv，请运行 / venv is missing, please run:  apt-get install -y python3-venv"; exit 1
      fi
    }
  fi
  # uv itself comes from the same lock file, by hash; then it installs the rest ten times faster than pip.
  awk '/^uv==/{p=1} p{print} p&&!/\\$/{exit}' requirements.lock > "$ENV/uv.lock"
  "$ENV/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r "$ENV/uv.lock"
  VIRTUAL_ENV="$PWD/$ENV"
  case "$ENV" in /*) VIRTUAL_ENV=$ENV ;; esac
  export VIRTUAL_ENV
  if ! "$ENV/bin/uv" pip install --quiet --require-hashes -r requirements.lock 2>"$ENV/uv.log"; then
    say "uv 失败，改用 pip / uv failed, falling back to pip"; cat "$ENV/uv.log" >&2
    "$ENV/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
  fi
  site=$("$ENV/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
  "$ENV/bin/python" -m compileall -q "$site/av"             # imported in the sandbox, which cannot write it
  printf '%s' "$stamp" > "$ENV/.stamp"
}

make_web() {                         # what the pages load from npm, by its lock file's hashes; served by us, never fetched later
  web=evidence/web/vendor
  cmp -s $web/package-lock.json $web/node_modules/.installed && return 0
  say "取得页面所用的脚本 / fetching the scripts of the pages"
  (cd $web && npm ci --ignore-scripts --no-audit --no-fund --silent)
  cp $web/package-lock.json $web/node_modules/.installed
}

point_here() {                       # each time, since a checkout may have been moved
  printf '%s\n' "$PWD" > "$(echo "$ENV"/lib/python3.*/site-packages)/evidence-checkout.pth"     # without a build step
  printf '#!%s\nfrom evidence.cli import main\n\nmain()\n' "$(cd "$ENV/bin" && pwd)/python" > "$ENV/bin/evidence"
  chmod +x "$ENV/bin/evidence"
}

setup() {
  install_debs nodejs:node npm:npm "$@"; make_env; make_web; point_here; PATH="$(cd "$ENV/bin" && pwd):$PATH"; export PATH
  unset PYTHONDONTWRITEBYTECODE      # hundreds of processes would each compile for seconds what they import
  python -m compileall -q evidence storage workers    # the sandbox cannot write it
}

check() {
  ruff check . && ruff format --check --quiet . || return 1
  mypy & types=$!                  # beside the tests: each has one core
  houses=0; python -m pytest -q tests/house -p no:randomly || houses=$?
  wait "$types" && return "$houses"
}

command=${1:-help}
[ $# -gt 0 ] && shift
# shellcheck disable=SC2086
case "$command" in
  demo)  setup; exec python -m tests.demo "$@" ;;
  test)  setup $SERVERS e2fsprogs:mkfs.ext4 mount:mount
         only="not grown"
         [ $# -gt 0 ] || { EVIDENCE_TEST_LOT=1; export EVIDENCE_TEST_LOT; }      # who names tests gets them
         case "${1:-}" in
           --whole) shift; only=; EVIDENCE_TEST_WHOLE=1; export EVIDENCE_TEST_WHOLE ;;
           --grown) shift; only=; EVIDENCE_TEST_FORM=grown; export EVIDENCE_TEST_FORM ;;
         esac
         check
         # Twice as many as cores: most of these tests wait for discs, servers and other processes. Six are no quicker.
         exec python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --ignore=tests/house -m "$only" "$@" ;;
  check) setup; check ;;
  run)   setup
         [ -d var/run ] || { mkdir -p var; python -m evidence init --data var/run --policy dazhe-2020; }
         exec python -m evidence serve --data var/run "$@" ;;
  bench) setup $SERVERS; exec python -m tests.bench "$@" ;;
  drill) setup $SERVERS e2fsprogs:mkfs.ext4 xfsprogs:mkfs.xfs mount:mount; exec python -m tests.drills "$@" ;;
  simulate) setup; exec python -m tests.simulation "$@" ;;
  exec)  setup; cd "$caller"; exec "$@" ;;
  lock)  setup
         pins() { uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
                    --python-version 3.11 pyproject.toml "$@"; }
         pins --extra dev --upgrade -o requirements.lock
         pins -c requirements.lock --upgrade -o deploy/requirements.lock ;;     # what the image holds: no tests
  *)     sed -n '2,13p' "$0"; exit 2 ;;
esac
