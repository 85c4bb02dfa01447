"""The threads that send emails: a slow mail server doesn't keep the process from ending."""

from threading import Event, current_thread

from chat import emails
from chat.email_threads import EmailThreads


def test_the_process_does_not_wait_for_the_threads():
    found, done = [], Event()
    emails.senders.submit(lambda: (found.append(current_thread()), done.set()))
    assert done.wait(10)
    assert found[0].daemon


def test_emails_that_wait_are_sent_before_the_process_ends(caplog):
    sent = []
    threads = EmailThreads(2)
    for number in range(50):
        threads.submit(sent.append, number)
    threads.finish(10)
    assert sorted(sent) == list(range(50))
    assert caplog.text == ""


def test_emails_for_a_mail_server_that_does_not_answer_are_lost_and_logged(caplog):
    answer, threads = Event(), EmailThreads(1)
    for _email in range(3):
        threads.submit(answer.wait)
    threads.finish(0)
    assert "are lost: 3." in caplog.text
    answer.set()
    threads.finish(10)
