"""The answers to requests, one file per noun: access, form, verb, answer, in this order."""
