package warehouse

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// The rules of waiting. Redshift answers no call when a statement ends: it is asked.
//
// See https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html#data-api-calling-considerations
const (
	firstPause = 100 * time.Millisecond // about what a small query takes
	lastPause  = 3 * time.Second
	maxReserve = time.Second // is left to the caller, who has an ID to keep
)

// inTime: once the context has ended nothing is sent.
func inTime(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	return nil
}

var errReserve = errors.New("the time for waiting is over")

// await asks how a statement goes until it has ended.
func (h *granted) await(ctx context.Context, conn Conn, access Access, d Description) (State, error) {
	until, bounded := reserve(ctx)
	for pause := firstPause; !d.Status.Ended(); pause = min(pause*3/2, lastPause) {
		wait := h.jittered(pause)
		if bounded && time.Until(until) < wait {
			return State{}, pending(access, d, errReserve)
		}
		if err := sleep(ctx, wait); err != nil {
			return State{}, pending(access, d, err)
		}
		next, err := conn.Describe(ctx, d.ID)
		if err != nil {
			return State{}, pending(access, d, err)
		}
		d = next
	}
	if err := d.failure(); err != nil {
		return State{}, err
	}
	return d.State, nil
}

// reserve is when waiting ends: a tenth of the time before the deadline.
func reserve(ctx context.Context) (until time.Time, bounded bool) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return time.Time{}, false
	}
	return deadline.Add(-min(time.Until(deadline)/10, maxReserve)), true
}

// jittered is between a half of a pause and the whole, so that functions that
// started together do not ask together.
func (h *granted) jittered(pause time.Duration) time.Duration {
	var b [8]byte
	if _, err := io.ReadFull(h.state.Data.Rand(), b[:]); err != nil {
		return pause
	}
	return pause/2 + time.Duration(binary.LittleEndian.Uint64(b[:])%uint64(pause/2))
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pending is the error for a statement nobody waits for any more. Whether one that
// may write has written is open.
func pending(access Access, d Description, err error) error {
	e := &datastore.Error{Kind: datastore.ErrUnknown, Code: string(d.Status), Attempts: 1}
	if access == ReadOnly {
		e.Kind = handle.KindOf(err, datastore.ErrNoBudget)
	}
	if own, ok := errors.AsType[*datastore.Error](err); ok { // of asking; e has its kind
		err = own.Err
	}
	e.Err = &PendingError{d.ID, d.Status, err}
	return e
}
