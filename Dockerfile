# The gateway alone: no compiler, no development dependency, no root. Pin the base image with NODE_IMAGE=node@sha256:….
ARG NODE_IMAGE=node:22-bookworm-slim
FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY schema ./schema
COPY src ./src
COPY web ./web
COPY guest/install.sh ./guest/install.sh
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM ${NODE_IMAGE}
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=build --chown=root:root /app/package.json ./
COPY --from=build --chown=root:root /app/node_modules ./node_modules
COPY --from=build --chown=root:root /app/schema ./schema
COPY --from=build --chown=root:root /app/guest ./guest
COPY --from=build --chown=root:root /app/dist ./dist
USER node
EXPOSE 4000
# 200 while the process lives; whether it is ready for work is /readyz
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# node itself is process 1 and gets SIGTERM: the gateway stops in order
CMD ["node", "--enable-source-maps", "dist/main.js"]
