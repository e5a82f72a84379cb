package iam

import (
	"errors"

	"github.com/aws/smithy-go"
)

// withoutAnswer replaces an error of the SDK about an answer that it could not read,
// which has the first bytes of the answer and may quote others.
func withoutAnswer(err error) error {
	var unread *smithy.DeserializationError
	var api smithy.APIError
	if !errors.As(err, &unread) || errors.As(err, &api) {
		return err
	}
	return &unreadError{timedOut: timedOut(err)}
}

// unreadError is an answer that could not be read, without the answer.
type unreadError struct{ timedOut bool }

func (e *unreadError) Error() string {
	if e.timedOut {
		return "the time ended while the answer was read"
	}
	return "the answer was cut off or is none of the service"
}

// Timeout is that of net.Error.
func (e *unreadError) Timeout() bool { return e.timedOut }

// withoutMessage hides, in its text, what a service said in an error.
func withoutMessage(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	return &quietError{err}
}

// quietError is an error of a service without its message.
type quietError struct{ err error }

func (e *quietError) Error() string { return "the service refused it (its message is not shown)" }
func (e *quietError) Unwrap() error { return e.err }
