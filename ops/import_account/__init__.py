"""Bringing an AWS account here: reads what `aws iam get-account-authorization-details` prints and makes it so by ordinary
commands, sent like anybody's to the AWS front (SECURITY CVE row 10: no other way in).

An import adds and sets, and never deletes. It compares the file with what is there, so it may be stopped and run again, and
a second run changes nothing. What it could not take, it says.
"""
