#!/bin/sh
# Attaches a share to a server, waits until the guest can mount it, and prints the mount commands. Needs curl and jq.
#
#   OS_TOKEN=$(openstack token issue -f value -c id) examples/attach.sh http://127.0.0.1:4000/graphql <server> <share> <path>
set -eu

if [ $# -ne 4 ] || [ -z "${OS_TOKEN:-}" ]; then
  echo "Usage: OS_TOKEN=<token> $0 <http://host/graphql> <server id> <share id> <mount point>" >&2
  exit 2
fi
url=$1

# Sends an operation with variables and prints its data. Its errors end the script, with their codes.
graphql() {
  body=$(jq -n --arg query "$1" --argjson variables "$2" '{query: $query, variables: $variables}')
  # the token goes by standard input, so that no process list shows it
  response=$(printf 'header = "X-Auth-Token: %s"\n' "$OS_TOKEN" |
    curl --silent --show-error --max-time 60 --config - --json "$body" "$url")
  if echo "$response" | jq -e 'has("errors")' >/dev/null; then
    echo "$response" | jq -r '.errors[] | "\(.extensions.code): \(.message)"' >&2
    return 1
  fi
  echo "$response" | jq .data
}

input=$(jq -n --arg server "$2" --arg share "$3" --arg path "$4" \
  '{input: {serverId: $server, shareId: $share, mountPoint: $path}}')
graphql 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id } } }' "$input" >/dev/null

pair=$(jq -n --arg server "$2" --arg share "$3" '{server: $server, share: $share}')
while :; do
  attachment=$(graphql 'query ($server: ID!, $share: ID!) {
    shareAttachment(serverId: $server, shareId: $share) { status mountCommands fault { code message } }
  }' "$pair")
  case $(echo "$attachment" | jq -r '.shareAttachment.status') in
  ATTACHED)
    echo "$attachment" | jq -r '.shareAttachment.mountCommands[]'
    exit 0
    ;;
  ATTACHING) sleep 1 ;;
  *)
    echo "$attachment" | jq -r '.shareAttachment.fault | "\(.code): \(.message)"' >&2
    exit 1
    ;;
  esac
done
