import { externalGateway } from './external.js'

const configuration = http => ({ port, folder }) => `
daemon off; master_process off; error_log stderr crit; pid ${folder}/pid;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 100000000; keepalive_timeout 600s; tcp_nodelay on;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
${http(port)}
}
`

/** Runs NGINX in one process. `http(port)` is the part of its configuration that says what it does. */
export async function runNginx (http) {
  return await externalGateway({
    program: 'nginx',
    configuration: configuration(http),
    args: (file, folder) => ['-p', folder, '-c', file, '-e', 'stderr']
  })
}
