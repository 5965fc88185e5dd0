#!/bin/sh
# Makes src/keyspace/etcd/proto/*-pb.ts anew from the .proto files beside them. The two packages it takes are needed for
# nothing else, so they are installed into a temporary folder.
set -eu
proto=$(cd "$(dirname "$0")/../src/keyspace/etcd/proto" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' >package.json
npm install --no-audit --no-fund @bufbuild/buf@1 @bufbuild/protoc-gen-es@2.17.0
cat >buf.gen.yaml <<YAML
version: v2
inputs:
  - directory: $proto
plugins:
  - local: protoc-gen-es
    out: out
    opt: [target=ts, erasable_syntax=true, import_extension=ts]
YAML
PATH="$folder/node_modules/.bin:$PATH" buf generate
for path in out/*_pb.ts; do
  name=$(basename "$path" _pb.ts)
  {
    echo '// Made by tools/etcd-messages.sh from the .proto file beside it; not to be edited.'
    sed '/eslint-disable/d; s/_pb\.ts"/-pb.ts"/' "$path"
  } >"$proto/$name-pb.ts"
done
