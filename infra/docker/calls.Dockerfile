# The calls service: live calls, their media and recordings, realtime secrets.
FROM node:24-bookworm-slim AS build
WORKDIR /app
RUN npm install --global pnpm@12.21.0
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml turbo.json tsconfig.json tsconfig.base.json ./
COPY packages packages
COPY services services
COPY test test
RUN pnpm install --frozen-lockfile
RUN pnpm run build
RUN pnpm --filter @earshot/calls-service deploy --prod --no-optional --legacy /deploy

FROM node:24-bookworm-slim
# ffmpeg decodes audio that is to be played into calls.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ffmpeg \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production EARSHOT_HOST=0.0.0.0 EARSHOT_CALLS_PORT=8081 EARSHOT_SPOOL_DIR=/tmp/earshot-spool \
  EARSHOT_JOURNAL_DIR=/var/lib/earshot/journal
WORKDIR /app
RUN mkdir -p /var/lib/earshot/journal && chown node:node /var/lib/earshot/journal
COPY --from=build --chown=node:node /deploy .
USER node
EXPOSE 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8081/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
