"""A document as bytes: JSON of the whole, CSV or Parquet of its main table."""

from __future__ import annotations

import io
from typing import Any

from wattshift.app.questions.question import AnyQuestion
from wattshift.app.service.answering.answers import Form
from wattshift.errors import InputError
from wattshift.report.csvtext import csv_text
from wattshift.report.jsontext import to_json

__all__ = ["rendered"]


def rendered(question: AnyQuestion, document: Any, form: Form) -> bytes:
    """A document in the form that is wanted.

    Raises:
        InputError: if a table is wanted and there is none.
        CheckFailed: if a number is not finite.
    """
    if form is Form.JSON:
        return to_json(document, name=question.name).encode()
    if question.rows is None:
        raise InputError(f"{question.name!r} has no table", form=form.value, hint="ask for application/json")
    frame = question.rows(document)
    if form is Form.CSV:
        return csv_text(frame).encode()
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()
