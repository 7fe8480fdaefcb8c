"""Settings of gunicorn: warm up in each worker, after the fork."""

preload_app = True
workers = 2


def post_fork(server, worker):
    from statements.mails import STATEMENT, pool

    pool.warm_up(STATEMENT)
