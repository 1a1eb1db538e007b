#!/bin/sh
# Tries whether a backup can be restored: it is put into a folder of its own, and everything is read and checked there.
# Only what was found whole is noted at the site (`evidence backup restored`); where that stays away, `evidence status`
# tells it in time (`no-restore`). For a timer, each night; what it prints is its report.
#   try-restore.sh BACKUP SCRATCH SITE   the copy of a data folder; a folder that is not there yet; the site's data folder
# Exit code 0: whole, and noted. Anything else: this backup is none. EVIDENCE: the command, if it is not `evidence`;
# ZONE: the time zone of the site's pack, if it is not Beijing's.
set -eu
evidence=${EVIDENCE:-evidence} zone=${ZONE:-Asia/Shanghai}
[ $# -eq 3 ] || { sed -n '2,7p' "$0" >&2; exit 2; }
backup=$1 scratch=$2 site=$3
say() { printf '%s\n' "$*" >&2; }

# What stands elsewhere is not in the copy: it would be read where the site has it, and prove nothing about a restore.
unset EVIDENCE_DATA EVIDENCE_DATABASE EVIDENCE_VAULT EVIDENCE_BROKER EVIDENCE_SIGNER EVIDENCE_EXPORTS
[ -f "$backup/site.toml" ] || { say "这不是站点数据目录的备份 / no copy of a data folder is here: $backup"; exit 2; }
if grep -Eq '^[[:space:]]*(data|database|vault|broker|signer)[[:space:]]*=' "$backup/site.toml"; then
  say "站点设置指向备份之外，本脚本不能演练 / site.toml leads out of the backup: not tried by this script"; exit 2
fi
[ ! -e "$scratch" ] || { say "目录已存在，请另给新目录 / this folder is there already; name a new one: $scratch"; exit 2; }
at=$(TZ=$zone date -r "$(ls -t "$backup"/evidence.db "$backup"/evidence.db-wal 2>/dev/null | head -n 1)" +%Y-%m-%dT%H:%M:%S)

trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
began=$(date +%s)
mkdir -m 700 "$scratch"
cp -a "$backup/." "$scratch/"
$evidence log fsck --data "$scratch"                     # logs, rows, and what the vault lists
$evidence verify --data "$scratch"                       # every byte of every original
$evidence backup restored --at "$at" --data "$site"
say "演练完成，用时 $(($(date +%s) - began)) 秒 / restored and checked in $(($(date +%s) - began)) s: as of $at"
