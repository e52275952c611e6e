# Colorizer in a container: docs/operating.md says how it is built and run.
ARG BASE_IMAGE=python:3.12-slim-bookworm

FROM ${BASE_IMAGE} AS build
# Index of the torch wheels: PyTorch's for CPUs makes a small image, its for CUDA one for NVIDIA GPUs.
# Empty is pip's own index, whose torch runs on both and is large.
ARG TORCH_INDEX=
ARG EXTRAS=heic,redis,s3
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
SHELL ["/bin/sh", "-eu", "-c"]
RUN python3 -m venv /opt/colorizer \
    && /opt/colorizer/bin/pip install --quiet ${TORCH_INDEX:+--index-url "${TORCH_INDEX}"} \
        "torch>=2.10" "torchvision>=0.25"
WORKDIR /src
COPY . .
RUN /opt/colorizer/bin/pip install --quiet ".[${EXTRAS}]" \
    && /opt/colorizer/bin/colorizer weights verify eccv16-vgg16 \
    && install -d -m 0700 /data

FROM ${BASE_IMAGE} AS ready
COPY --from=build /opt/colorizer /opt/colorizer
COPY --from=build --chown=10001:10001 /data /data

# One layer, with a root folder that every user may enter: bases made from a folder may have none such.
FROM scratch
# hadolint ignore=DL3067
COPY --from=ready / /
ENV PATH=/opt/colorizer/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    COLORIZER_DATA_DIR=/data \
    COLORIZER_HOST=0.0.0.0 \
    COLORIZER_OFFLINE=1
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=120s --retries=4 \
    CMD ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=8)"]
CMD ["colorizer", "serve"]
