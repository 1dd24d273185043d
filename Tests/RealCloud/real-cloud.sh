#!/usr/bin/env bash
# A real Keystone (identity v3) and a real Glance (image v2) on loopback, from PyPI, with SQLite and files.
#
#   real-cloud.sh install          into the state folder, if they are not there
#   real-cloud.sh start | stop     the servers
#   real-cloud.sh run COMMAND …    install, start, run COMMAND with the variables that the tests need, stop
#
# A second Keystone over the same database gives tokens that live for seconds.
set -euo pipefail
umask 077

root=$(cd "$(dirname "$0")/../.." && pwd)
state=${DELETE_IMAGE_REAL_CLOUD_STATE:-$root/.build/real-cloud}
keystone_port=${KEYSTONE_PORT:-45000}
brief_keystone_port=${BRIEF_KEYSTONE_PORT:-45001}
glance_port=${GLANCE_PORT:-49292}
# Nothing listens there but what a test starts: the catalog names it as the compute and the block storage service.
compute_port=${COMPUTE_PORT:-48774}
brief_seconds=5
bin=$state/venv/bin

install() {
    [ -x "$bin/glance-manage" ] && "$bin/python" -c 'import huaweicloudsdkcore' 2> /dev/null && return
    mkdir -p "$state"
    python3 -m venv "$state/venv" || { echo "Python 3 with venv is needed (Debian: apt install python3-venv)" >&2; exit 1; }
    "$bin/pip" install --quiet keystone==30.0.0 glance==33.0.0 gunicorn==27.0.1 openstacksdk==4.22.0 \
        huaweicloudsdkcore==3.1.219
}

# $1: folder, $2: seconds that a token lives
configure_keystone() {
    mkdir -p "$state/$1"
    cat > "$state/$1/keystone.conf" <<EOF
[DEFAULT]
log_file = $state/$1.log
[database]
connection = sqlite:///$state/keystone.db
[token]
provider = fernet
expiration = $2
[fernet_tokens]
key_repository = $state/fernet
[credential]
key_repository = $state/credential
[cache]
enabled = false
EOF
}

configure_glance() {
    mkdir -p "$state"/{glance,images,staging,tasks}
    cat > "$state/glance/glance-api.conf" <<EOF
[DEFAULT]
log_file = $state/glance.log
enabled_backends = disk:file
show_multiple_locations = false
# Short pages, so that a list of a few images already has several.
api_limit_max = 5
[database]
connection = sqlite:///$state/glance.db
[glance_store]
default_backend = disk
[disk]
filesystem_store_datadir = $state/images
[os_glance_staging_store]
filesystem_store_datadir = $state/staging
[os_glance_tasks_store]
filesystem_store_datadir = $state/tasks
[oslo_limit]
[paste_deploy]
flavor = keystone
[keystone_authtoken]
www_authenticate_uri = http://127.0.0.1:$keystone_port
auth_url = http://127.0.0.1:$keystone_port
auth_type = password
username = glance
password = glance-pa55w0rd
project_name = service
user_domain_name = Default
project_domain_name = Default
EOF
    cp "$state/venv/etc/glance/glance-api-paste.ini" "$state/glance/"
}

# $1: name, $2: WSGI application, $3: port, $4: processes, $5: threads of each
serve() {
    # The access log names each request's client, so that a test can count what the command sent.
    cat > "$state/$1.py" <<EOF
wsgi_app = "$2"
bind = "127.0.0.1:$3"
workers = $4
threads = $5
pidfile = "$state/$1.pid"
control_socket_disable = True
errorlog = "$state/$1-gunicorn.log"
accesslog = "$state/$1-access.log"
access_log_format = '%(m)s %({raw_uri}e)s %(s)s %(a)s'
EOF
    # Parallel deletions and SQLite go together only if a transaction takes the write lock at its beginning. Keystone
    # mostly reads, and its processes would wait for each other's lock until they are killed.
    [ "$1" != glance ] || cat >> "$state/$1.py" <<'EOF'

def post_fork(server, worker):
    import sqlalchemy

    @sqlalchemy.event.listens_for(sqlalchemy.engine.Engine, "before_cursor_execute", retval=True)
    def begin(connection, cursor, statement, parameters, context, many):
        return ("BEGIN IMMEDIATE" if statement == "BEGIN" else statement), parameters
EOF
    # Both services read the command line as their own, so gunicorn gets its settings from a file.
    # Not a daemon: in a session of its own it would share the processors with the tests half and half (autogroup), and
    # that these make the programs they run yield to everybody would count for nothing.
    GUNICORN_CMD_ARGS="--config $state/$1.py" OS_KEYSTONE_CONFIG_DIR="$state/$1" OS_GLANCE_CONFIG_DIR="$state/$1" \
        nohup "$bin/gunicorn" > /dev/null 2>&1 < /dev/null &
}

# $1: port
wait_for() {
    for _ in $(seq 300); do
        "$bin/python" -c "import socket; socket.create_connection(('127.0.0.1', $1), 1)" 2> /dev/null && return
        sleep 0.2
    done
    echo "nothing answers on port $1; see $state/*.log" >&2
    return 1
}

export_variables() {
    export DELETE_IMAGE_REAL_CLOUD="http://127.0.0.1:$keystone_port/v3"
    export DELETE_IMAGE_BRIEF_IDENTITY="http://127.0.0.1:$brief_keystone_port/v3"
    export DELETE_IMAGE_REAL_CLOUD_STATE="$state"
    export DELETE_IMAGE_REAL_CLOUD_COMPUTE="$compute_port"
}

start() {
    stop
    # Always from nothing: what an earlier run left must not decide a later one.
    rm -rf "$state"/{keystone,brief,glance,images,staging,tasks,fernet,credential} "$state"/*.{db,log,py} 2> /dev/null || true
    mkdir -p "$state"/{fernet,credential}
    configure_keystone keystone 86400
    configure_keystone brief "$brief_seconds"
    configure_glance
    local keystone=("$bin/keystone-manage" --config-dir "$state/keystone")
    local me=(--keystone-user "$(id -un)" --keystone-group "$(id -gn)")
    "${keystone[@]}" db_sync
    "${keystone[@]}" fernet_setup "${me[@]}"
    "${keystone[@]}" credential_setup "${me[@]}"
    "${keystone[@]}" bootstrap --bootstrap-password admin-pa55w0rd --bootstrap-region-id RegionOne \
        --bootstrap-public-url "http://127.0.0.1:$keystone_port/v3/" \
        --bootstrap-internal-url "http://127.0.0.1:$keystone_port/v3/"
    "$bin/glance-manage" --config-dir "$state/glance" db_sync 2>> "$state/glance.log"
    "$bin/python" -c 'import sqlite3, sys
for file in sys.argv[1:]: sqlite3.connect(file).execute("pragma journal_mode=wal")' "$state"/{keystone,glance}.db
    # Threads of one Keystone have been seen to wait for each other without end.
    serve keystone keystone.wsgi.api:application "$keystone_port" 4 1
    serve brief keystone.wsgi.api:application "$brief_keystone_port" 1 1
    serve glance glance.wsgi.api:application "$glance_port" 1 8
    for port in "$keystone_port" "$brief_keystone_port" "$glance_port"; do wait_for "$port"; done
    populate
}

populate() {
    OS_AUTH_URL="http://127.0.0.1:$keystone_port/v3" OS_USERNAME=admin OS_PASSWORD=admin-pa55w0rd \
        OS_PROJECT_NAME=admin OS_USER_DOMAIN_NAME=Default OS_PROJECT_DOMAIN_NAME=Default OS_REGION_NAME=RegionOne \
        "$bin/python" - "$glance_port" "$compute_port" <<'EOF'
import sys, openstack

identity = openstack.connect().identity
for name, kind, address in [
    ("glance", "image", sys.argv[1]), ("nova", "compute", f"{sys.argv[2]}/v2.1"), ("cinder", "volumev3", f"{sys.argv[2]}/v3"),
]:
    service = identity.create_service(name=name, type=kind)
    identity.create_endpoint(
        service_id=service.id, interface="public", region_id="RegionOne", url=f"http://127.0.0.1:{address}")
for name, project_name, role in [("glance", "service", "admin"), ("ci", "ci", "member"), ("other", "other", "member"), ("reader", "ci", "reader")]:
    project = identity.find_project(project_name) or identity.create_project(name=project_name, domain_id="default")
    user = identity.create_user(name=name, password=f"{name}-pa55w0rd", domain_id="default")
    identity.assign_project_role_to_user(project, user, identity.find_role(role))
EOF
}

stop() {
    for name in keystone brief glance; do
        local file=$state/$name.pid
        [ -f "$file" ] || continue
        local pid
        pid=$(cat "$file")
        kill "$pid" 2> /dev/null || true
        while kill -0 "$pid" 2> /dev/null; do sleep 0.1; done
        rm -f "$file"
    done
}

case "${1:-}" in
    install) install ;;
    start) install; start ;;
    stop) stop ;;
    run)
        shift
        install
        trap stop EXIT
        start > "$state/start.out" 2>&1 || { cat "$state/start.out" >&2; exit 1; }
        export_variables
        "$@"
        ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 64 ;;
esac
