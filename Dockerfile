# CLARA as a service. The embedded profile needs no network: its knowledge base is built into the image.
#   docker build -t clara . && docker run -p 127.0.0.1:8010:8010 -v ./keys.txt:/run/secrets/clara_keys:ro clara
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY clara clara
COPY prompts prompts
COPY knowledge_base knowledge_base
COPY examples/sample_benchmark.csv examples/sample_benchmark.csv
RUN python -m venv /opt/clara && /opt/clara/bin/pip install --no-cache-dir --disable-pip-version-check .
RUN CLARA_HOME=/var/lib/clara /opt/clara/bin/clara kb build --quiet

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/clara --shell /usr/sbin/nologin clara
COPY --from=build /opt/clara /opt/clara
COPY --from=build --chown=clara:clara /var/lib/clara /var/lib/clara
# other machines reach the container, so callers need keys: clara serve --new-key NAME --keys keys.txt
ENV PATH=/opt/clara/bin:$PATH \
    CLARA_HOME=/var/lib/clara \
    CLARA_SERVE_HOST=0.0.0.0 \
    CLARA_SERVE_PORT=8010 \
    CLARA_SERVE_KEYS=/run/secrets/clara_keys \
    CLARA_SERVE_LOG_FORMAT=json \
    PYTHONUNBUFFERED=1
USER clara
EXPOSE 8010
VOLUME /var/lib/clara
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8010/health', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["clara"]
CMD ["serve"]
