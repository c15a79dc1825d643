#!/usr/bin/env bash
# Measures for how long an address of keepalived does not answer, when the machine that has it is lost, when the gateway on it is killed, and
# when that gateway is stopped by SIGTERM. Two gateways, their redis-server, two workers and a client stand each in a network namespace of its
# own, with a bridge between them: nothing leaves this machine. Run it as root, beside its keepalived.conf, in a clone of the repository.
#
#   sudo examples/several-gateways/keepalived/measure.sh [times that a machine is lost, 10] [times that a gateway is killed, and stopped, 4]
#
# It needs node, redis-server, keepalived, curl and iproute2, takes about four minutes, and ends what it has started, also when it fails.
set -euo pipefail

for program in node redis-server keepalived curl ip; do
  command -v "$program" > /dev/null || { echo "$program is not installed" >&2; exit 1; }
done
(( EUID == 0 )) || { echo 'network namespaces are made by root' >&2; exit 1; }

losses=${1:-10}
stops=${2:-4}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
examples=$(cd "$here/../.." && pwd)
id="fb$$"
vip=10.0.0.10
folder=$(mktemp -d "/tmp/fastify-balance-keepalived.XXXXXX")
declare -A address=([gateway-1]=10.0.0.2 [gateway-2]=10.0.0.3 [redis]=10.0.0.4 [workers]=10.0.0.5 [client]=10.0.0.6)
declare -A pid=()
export HEARTBEAT_SECRET
HEARTBEAT_SECRET=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')

# Only what was started here, by its process id, and only namespaces that were made here.
clean () {
  trap '' EXIT INT TERM
  for each in client keepalived-gateway-1 keepalived-gateway-2; do kill "${pid[$each]:-}" 2> /dev/null || true; done
  sleep 1
  for each in "${!pid[@]}"; do kill -9 "${pid[$each]}" 2> /dev/null || true; done
  for each in switch "${!address[@]}"; do ip netns del "$id-$each" 2> /dev/null || true; done
  if [ "${failed:-yes}" = yes ]; then echo "it failed; the logs are in $folder" >&2; else rm -rf "$folder"; fi
}
trap clean EXIT
trap 'exit 130' INT TERM

inside () { ip netns exec "$id-$1" "${@:2}"; }

# start <name> <namespace> <program …>: its process id is in $pid[name], what it writes in $folder/name.log.
start () {
  ip netns exec "$id-$2" "${@:3}" >> "$folder/$1.log" 2>&1 &
  pid[$1]=$!
  disown # Else bash would say of each that it was killed.
}

wait_for () { # <seconds> <what> <command …>
  local until=$((SECONDS + $1)) what=$2
  until "${@:3}" > /dev/null 2>&1; do
    if (( SECONDS > until )); then echo "not within $1 s: $what" >&2; exit 1; fi
    sleep 0.1
  done
}

now () { local now=${EPOCHREALTIME/[.,]/}; echo $((now / 1000)); }
is_ready () { inside "$1" curl -sf -o /dev/null --max-time 1 http://127.0.0.1:8080/_balance/ready; }
has_vip () { [ -n "$(inside "$1" ip -o address show to "$vip/32")" ]; }
other () { [ "$1" = gateway-1 ] && echo gateway-2 || echo gateway-1; }
active () { if has_vip gateway-1; then echo gateway-1; else echo gateway-2; fi; }
one_has_vip () { [ "$(has_vip gateway-1 && echo yes)$(has_vip gateway-2 && echo yes)" = yes ]; }
vip_answers () { inside client curl -sf -o /dev/null --max-time 1 "http://$vip:8080/hello"; }

start_gateway () { PORT=8080 HOST=0.0.0.0 DRAIN_MS=4000 REDIS_URL="redis://${address[redis]}:6379" start "$1" "$1" node "$examples/several-gateways/gateway.js"; }
start_keepalived () {
  local files="$folder/keepalived-$1"
  # --vrrp: without the part that needs the kernel's LVS.
  start "keepalived-$1" "$1" keepalived --dont-fork --log-console --log-detail --vrrp --no-syslog --config-id "$1" \
    --use-file "$here/keepalived.conf" --pid "$files.pid" --vrrp_pid "$files.vrrp"
}

# The network.
ip netns add "$id-switch"
inside switch ip link add bridge type bridge mcast_snooping 0 forward_delay 0
inside switch ip link set bridge up
for each in "${!address[@]}"; do
  ip netns add "$id-$each"
  inside "$each" ip link set lo up
  ip link add eth0 netns "$id-$each" type veth peer name "$each" netns "$id-switch"
  inside switch ip link set "$each" master bridge up
  inside "$each" ip address add "${address[$each]}/24" dev eth0
  inside "$each" ip link set eth0 up
done

# The programs.
start redis redis redis-server --bind 0.0.0.0 --protected-mode no --save '' --appendonly no --dir "$folder" --maxmemory-policy noeviction
start_gateway gateway-1
start_gateway gateway-2
for each in 1 2; do
  HOST=0.0.0.0 PORT=300$each GATEWAYS="http://${address[gateway-1]}:8080,http://${address[gateway-2]}:8080" start "worker-$each" workers node "$examples/worker.js"
done
for each in gateway-1 gateway-2; do
  wait_for 20 "$each is ready" is_ready "$each"
  start_keepalived "$each"
done

# The client asks every 20 ms over a new connection, gives up after 150 ms, and writes when it began and what came.
cat > "$folder/client.mjs" <<'CLIENT'
import { get } from 'node:http'
let count = 0
const ask = () => {
  const at = Date.now()
  let isOver = false
  const tell = what => {
    if (!isOver) console.log(`${at} ${what}`)
    isOver = true
  }
  const request = get(`http://${process.argv[2]}:8080/hello/${count++}`, { agent: false, timeout: 150 }, response => {
    response.resume().on('end', () => tell(response.statusCode)).on('error', error => tell(error.code))
  })
  request.on('timeout', () => { tell('silent'); request.destroy() }).on('error', error => tell(error.code))
}
setInterval(ask, 20)
CLIENT
start client client node "$folder/client.mjs" "$vip"

# Everything is as before: both gateways are ready, one has the address, and it has answered for two seconds.
settled () {
  local each
  if (( SECONDS > 900 )); then echo 'not done within 15 minutes' >&2; exit 1; fi
  for each in gateway-1 gateway-2; do wait_for 30 "$each is ready" is_ready "$each"; done
  wait_for 30 'one has the address' one_has_vip
  wait_for 30 'the address answers' vip_answers
  sleep 3
  wait_for 30 'one has the address' one_has_vip
}

# Of the requests that began from then on: how many were not answered, and the longest time from one that was to the next one (ms).
outage () {
  sort -n "$folder/client.log" | awk -v from="$1" '
    $1 >= from && $2 != 200 { lost++ }
    $2 == 200 { if ($1 >= from && $1 - last > most) most = $1 - last; last = $1 }
    END { print most + 0, lost + 0 }'
}

summary () { # <what> <file: a line "ms lost" for each time>
  sort -n "$2" | awk -v what="$1" '{ ms[NR] = $1; lost += $2; if ($2 > most) most = $2 }
    END { median = NR % 2 ? ms[(NR + 1) / 2] : (ms[NR / 2] + ms[NR / 2 + 1]) / 2
      printf "%-40s %2d times   no answer for: median %5d ms, worst %5d ms   requests without answer: %d, at most %d at a time\n", what, NR, median, ms[NR], lost, most + 0 }'
}

# measure <what> <times> <fault> <repair>: both are given who has the address.
measure () {
  local name=$1 times=$2 fault=$3 repair=$4 victim from file="$folder/$3"
  : > "$file"
  for ((round = 1; round <= times; round++)); do
    settled
    victim=$(active)
    from=$(now)
    "$fault" "$victim"
    wait_for 30 "$(other "$victim") has the address" has_vip "$(other "$victim")"
    sleep 2
    outage "$from" | tee -a "$file" | sed "s/^/  $name, $victim: /"
    from=$(now)
    "$repair" "$victim"
    settled
    outage "$from" >> "$file-back"
  done
}

lose () { inside switch ip link set "$1" down; }
heal () { inside switch ip link set "$1" up; }
crash () { kill -9 "${pid[$1]}"; }
stop () { kill -TERM "${pid[$1]}"; }
restart () {
  while kill -0 "${pid[$1]}" 2> /dev/null; do sleep 0.1; done
  start_gateway "$1"
}

settled
echo "$(uname -sr), $(keepalived --version 2>&1 | head -n 1), $(redis-server --version | cut -d ' ' -f 1-3), node $(node --version), $(nproc) cores, advert_int $(sed -n 's/^ *advert_int //p' "$here/keepalived.conf") s"
measure 'machine lost' "$losses" lose heal
measure 'gateway killed' "$stops" crash restart
measure 'gateway stopped by SIGTERM' "$stops" stop restart
echo
summary 'the machine with the address is lost' "$folder/lose"
summary 'it comes back' "$folder/lose-back"
summary 'the gateway there is killed' "$folder/crash"
summary 'it is started again' "$folder/crash-back"
summary 'the gateway there is stopped by SIGTERM' "$folder/stop"
summary 'it is started again' "$folder/stop-back"
failed=no
