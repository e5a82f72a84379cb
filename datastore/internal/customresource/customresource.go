// Package customresource answers AWS CloudFormation, which has a function make,
// change and delete a resource that it does not know itself. The answer is put to an
// address that comes with the event, and without one CloudFormation waits: so there is
// always one, also after a panic and when the time of the function is nearly over.
//
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
package customresource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"
)

// Event is what CloudFormation asks for.
type Event struct {
	RequestType        string // "Create", "Update" or "Delete"
	RequestID          string `json:"RequestId"`
	ResponseURL        string // signed, so that it is as good as a password
	StackID            string `json:"StackId"`
	LogicalResourceID  string `json:"LogicalResourceId"`
	PhysicalResourceID string `json:"PhysicalResourceId"` // "" in a Create
	ResourceProperties json.RawMessage
}

// Resource is what is asked for.
type Resource struct {
	// ID is the physical id that it is given. It never changes: CloudFormation has
	// a resource deleted whose id an update has changed.
	ID string
	// Apply makes or changes it. The error is shown to whoever deploys; a nil one
	// says that it is done. Its context ends before the function's does. Nothing is
	// called for a Delete.
	Apply func(context.Context, Event) error
	// Client puts the answer. Default http.DefaultClient.
	Client *http.Client
}

// The time that is kept for the answer, and how long Apply may go on after its
// context has ended.
const (
	answerTime = 30 * time.Second
	graceTime  = 5 * time.Second
)

// Serve answers one event. The error is what went wrong with the answer, or that the
// payload is no event: CloudFormation does not know of it.
func Serve(ctx context.Context, payload []byte, r Resource) error {
	e, err := read(payload)
	if err != nil {
		return err
	}
	a := answer{
		Status: statusSuccess, PhysicalResourceID: e.PhysicalResourceID,
		StackID: e.StackID, RequestID: e.RequestID, LogicalResourceID: e.LogicalResourceID,
	}
	if a.PhysicalResourceID == "" {
		a.PhysicalResourceID = r.ID
	}
	if err := r.outcome(ctx, e); err != nil {
		slog.ErrorContext(ctx, "custom resource", "request", e.RequestType, "resource", e.LogicalResourceID, "err", err)
		a.Status, a.Reason = statusFailed, err.Error()
	}
	return a.put(ctx, r.Client, e.ResponseURL)
}

// read reads an event that can be answered.
func read(payload []byte) (e Event, err error) {
	if err := json.Unmarshal(payload, &e); err != nil {
		return e, errors.New("custom resource: the payload is no event of CloudFormation: it is not the JSON of one")
	}
	to, err := url.Parse(e.ResponseURL)
	if err != nil || to.Scheme != "https" || to.Host == "" || e.StackID == "" || e.RequestID == "" || e.LogicalResourceID == "" {
		return e, errors.New("custom resource: the payload is no event of CloudFormation: ResponseURL is no address of https, or StackId, RequestId or LogicalResourceId is missing")
	}
	return e, nil
}

// outcome carries the event out, in the time that there is.
func (r Resource) outcome(ctx context.Context, e Event) error {
	switch e.RequestType {
	case "Delete":
		return nil
	case "Create", "Update":
	default:
		return fmt.Errorf("there is no request %.20q", e.RequestType)
	}
	grace := graceTime
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-min(answerTime, left/2)))
		defer cancel()
		grace = min(grace, left/8)
	}
	done := make(chan error, 1)
	go func() { done <- r.apply(ctx, e) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	// What heeds its context ends now, and says more than that it is late.
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("the time of the function was over: %w", err)
		}
		return nil
	case <-time.After(grace):
		return errors.New("the time of the function was over, and it is still at work")
	}
}

// apply is Apply, whose panic is an error. What was panicked with is in the log alone.
func (r Resource) apply(ctx context.Context, e Event) (err error) {
	defer func() {
		if v := recover(); v != nil {
			slog.ErrorContext(ctx, "custom resource: panic", "value", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = errors.New("the function panicked; its log says where")
		}
	}()
	return r.Apply(ctx, e)
}
