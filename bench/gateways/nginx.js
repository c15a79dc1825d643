import { runNginx } from './run-nginx.js'

/** NGINX in one process, with kept-alive connections to the nodes. */
export async function nginxGateway (origins) {
  return await runNginx(port => `
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
  }`)
}
