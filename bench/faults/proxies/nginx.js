import { runNginx } from '../../gateways/run-nginx.js'

/**
 * NGINX in one process, with its passive checks and failover, and kept-alive connections to the nodes. A node that failed is left out for 2 s
 * rather than for the 10 s it has by default: with those a rolling restart leaves it without any node.
 */
export async function nginxProxy (origins) {
  return await runNginx(port => `
  upstream nodes {
    least_conn;
    ${origins.map(origin => `server ${new URL(origin).host} max_fails=1 fail_timeout=2s;`).join('\n    ')}
    keepalive 256; keepalive_requests 100000000; keepalive_timeout 60s;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://nodes; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_connect_timeout 1s; proxy_send_timeout 3s; proxy_read_timeout 3s;
      proxy_next_upstream error timeout http_502 http_503 http_504;
    }
  }`)
}
