import { externalGateway } from './external.js'

const configuration = origins => ({ port, folder }) => `
daemon off; master_process off; error_log stderr crit; pid ${folder}/pid;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; keepalive_timeout 600s; tcp_nodelay on;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  proxy_buffers 32 8k; proxy_max_temp_file_size 0;
  upstream nodes {
    least_conn;
    ${origins.map(origin => `server ${new URL(origin).host};`).join(' ')}
    keepalive 128; keepalive_requests 100000000; keepalive_timeout 600s;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://nodes; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}
`

/** NGINX in one process, with kept-alive connections to the nodes. */
export async function nginxGateway (origins) {
  return await externalGateway({
    program: 'nginx',
    configuration: configuration(origins),
    args: (file, folder) => ['-p', folder, '-c', file, '-e', 'stderr']
  })
}
