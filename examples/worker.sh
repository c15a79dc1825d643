#!/bin/sh
# A worker in plain shell: any HTTP server becomes a node of a service by curl in a loop.
service=${SERVICE:-hello}
gateway=${GATEWAY:-http://127.0.0.1:8080}
port=${PORT:-3000}

# The server. Put your own program here; this one serves a folder with one file.
folder=$(mktemp -d)
echo "Hello from a shell script, process $$" > "$folder/$service"
python3 -m http.server "$port" --bind 127.0.0.1 --directory "$folder" &
server=$!

# Sends one heartbeat, signed when there is a secret. Afterwards $answer is what the gateway said.
beat () {
  body='{"service":"'$service'","port":'$port',"state":"'$1'"}'
  set -- -sS --max-time 2 -H 'content-type: application/json' -d "$body"
  if [ -n "$HEARTBEAT_SECRET" ]; then
    time=$(date +%s)
    nonce=$(openssl rand -hex 16)
    digest=$(printf %s "$body" | openssl dgst -sha256 -r | cut -d ' ' -f 1)
    signature=$(printf 'v1\nPOST\n/heartbeat\n%s\n%s\n%s' "$time" "$nonce" "$digest" |
      openssl dgst -sha256 -hmac "$HEARTBEAT_SECRET" -r | cut -d ' ' -f 1)
    set -- "$@" -H "x-heartbeat-time: $time" -H "x-heartbeat-nonce: $nonce" -H "x-heartbeat-signature: v1=$signature"
  fi
  answer=$(curl "$@" "$gateway/heartbeat")
  echo "$answer"
}

# Goes out of service: first nothing new comes, then what runs may end, then goodbye.
leave () {
  trap '' INT TERM
  beat draining
  sleep 1
  beat left
  kill "$server"
  rm -r "$folder"
  exit 0
}
trap leave INT TERM

# Only while the server answers: without heartbeats it gets no requests.
while kill -0 "$server"; do
  answer=
  if curl -s -o /dev/null --max-time 1 "http://127.0.0.1:$port/"; then beat up; fi
  # The gateway says how often it wants to hear from us.
  interval=$(printf %s "$answer" | sed -n 's/.*"intervalMs":\([0-9]*\).*/\1/p')
  sleep $(((${interval:-1000} + 999) / 1000)) &
  wait $!
done
