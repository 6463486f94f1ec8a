# The worker: decodes uploads, transcribes segments, assembles transcripts, delivers webhooks.
FROM node:24-bookworm-slim AS build
WORKDIR /app
RUN npm install --global pnpm@12.21.0
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml turbo.json tsconfig.json tsconfig.base.json ./
COPY packages packages
COPY services services
COPY test test
RUN pnpm install --frozen-lockfile
RUN pnpm run build
RUN pnpm --filter @earshot/worker deploy --prod --legacy /deploy

FROM node:24-bookworm-slim
# ffmpeg decodes uploads; PocketSphinx is the embedded engine, with its English model.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ffmpeg pocketsphinx pocketsphinx-en-us \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production EARSHOT_METRICS_HOST=0.0.0.0 EARSHOT_METRICS_PORT=9090
WORKDIR /app
COPY --from=build --chown=node:node /deploy .
USER node
EXPOSE 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9090/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
