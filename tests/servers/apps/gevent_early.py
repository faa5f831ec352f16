"""A gunicorn configuration that patches before anything else is imported, as gevent asks for."""

from gevent import monkey

monkey.patch_all()
