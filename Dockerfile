# Colorizer in a container: docs/operating.md says how it is built and run.
ARG BASE_IMAGE=python:3.12-slim-bookworm

FROM ${BASE_IMAGE} AS build
# Without torch, which a CPU does not need. With it, for NVIDIA GPUs and training:
# EXTRAS=heic,redis,s3,train, and TORCH_INDEX, PyTorch's index of wheels for a version of CUDA, unless
# the torch of pip's own index will do.
ARG EXTRAS=heic,redis,s3
ARG TORCH_INDEX=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
SHELL ["/bin/sh", "-eu", "-c"]
RUN python3 -m venv /opt/colorizer \
    && if [ -n "${TORCH_INDEX}" ]; then \
        /opt/colorizer/bin/pip install --quiet --index-url "${TORCH_INDEX}" \
            "torch>=2.10" "torchvision>=0.25"; \
    fi
WORKDIR /src
COPY . .
RUN /opt/colorizer/bin/pip install --quiet ".[${EXTRAS}]" \
    && /opt/colorizer/bin/colorizer weights verify eccv16-vgg16 \
    && NUMBA_CACHE_DIR=/opt/colorizer/compiled /opt/colorizer/bin/colorizer colorize \
        samples/camera.jpg -o /tmp/camera.png \
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
    NUMBA_CACHE_DIR=/tmp/compiled \
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
# The loops over pixels, as compiled for the processor of the build; another compiles its own.
ENTRYPOINT ["/bin/sh", "-c", "[ -e \"$NUMBA_CACHE_DIR\" ] || cp -r /opt/colorizer/compiled \"$NUMBA_CACHE_DIR\" || true; exec \"$@\"", "sh"]
CMD ["colorizer", "serve"]
