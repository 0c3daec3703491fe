# The base install with the web framework: no torch. Not run by us: no container could be built where this
# was written.
#   docker build -t striate .
#   docker run -p 127.0.0.1:8000:8000 -e STRIATE_TOKEN=… -v "$PWD/pets.striate:/model.striate:ro" striate
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN pip install --no-cache-dir --prefix=/install -c constraints.txt ".[serve]"

FROM python:3.12-slim
COPY --from=build /install /usr/local
# It writes nothing, so the file system may be read-only: docker run --read-only --tmpfs /tmp
RUN useradd --system --no-create-home --uid 10001 striate
USER 10001
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
EXPOSE 8000
# A stop is SIGTERM: not ready at once, the last answers within 30 s, exit code 0.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
ENTRYPOINT ["striate", "serve"]
CMD ["/model.striate", "--host", "0.0.0.0", "--port", "8000"]
