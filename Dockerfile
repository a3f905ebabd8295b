# One image for every process of Goaltrail; docker-compose.yml says which one a container is.
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium-headless-shell \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.lock ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock

COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && useradd --create-home goaltrail \
    && mkdir /data \
    && chown goaltrail /data

USER goaltrail
ENV PYTHONUNBUFFERED=1 GOALTRAIL_HOME=/data
VOLUME /data
CMD ["python", "-m", "api"]
