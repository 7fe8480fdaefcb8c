"""A task queue on Celery, with its prefork workers."""

from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown
from celery.utils.log import get_task_logger

from ondemand_attach.errors import MailError

from .mails import STATEMENT, event_of, mailer, pool

log = get_task_logger(__name__)
app = Celery("statements")
app.config_from_envvar("BANK_CELERY_SETTINGS")


@worker_process_init.connect
def start(**_):
    """Start this worker's render processes; what the parent has started is not for its forks."""
    pool.warm_up(STATEMENT)


@worker_process_shutdown.connect
def stop(**_):
    """End them."""
    mailer.close()


@app.task(bind=True, max_retries=8, ignore_result=True)
def send_statement(self, number):
    """Send the statement with this number. The broker sees the number, and never what the statement says."""
    context, to = event_of(number)
    try:
        receipt = mailer.send(STATEMENT, context, to=to, message_id=f"<statement-{number}@bank.example>")
        for refusal in receipt.refused.values():  # the customer was accepted, another recipient was not
            log.warning("a recipient of statement %s was refused: %s", number, refusal)
    except MailError as error:
        if not error.is_temporary:
            raise
        raise self.retry(exc=error, countdown=30 * 2**self.request.retries) from None
