# Eider as one binary on a small Debian. The build needs the npm registry, the image needs nothing.
FROM node:24-bookworm-slim AS build
WORKDIR /eider
COPY package.json package-lock.json ./
RUN npm install --no-audit --no-fund
COPY tools/build.ts tools/build.ts
COPY tsconfig.json bunfig.toml ./
COPY src src
RUN npm run build

FROM debian:bookworm-slim
RUN groupadd --system --gid 10001 eider \
    && useradd --system --uid 10001 --gid eider --home-dir /data --shell /usr/sbin/nologin eider \
    && install --directory --owner=eider --group=eider --mode=0700 /data
COPY --from=build /eider/dist/eider /usr/local/bin/eider
ENV EIDER_DATA=/data \
    EIDER_IMAP_HOST=0.0.0.0 \
    EIDER_POP3_HOST=0.0.0.0 \
    EIDER_LMTP_HOST=0.0.0.0 \
    EIDER_HTTP_HOST=0.0.0.0
USER eider
WORKDIR /data
VOLUME /data
EXPOSE 1143 1993 1110 1995 2424 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["eider"]
CMD ["start"]
