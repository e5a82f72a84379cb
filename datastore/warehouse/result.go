package warehouse

import (
	"errors"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// ID names a statement that was sent, for 24 hours: "d9b6c0c9-…", and with ":2" at
// its end the second one of a batch. It is not a secret, and of no use to others.
type ID string

// check refuses what cannot be an ID. AWS makes them of letters, digits, "-" and ":".
func (id ID) check() error {
	if id == "" || len(id) > 64 {
		return errNoID
	}
	for i := range len(id) {
		if c := id[i]; c != '-' && c != ':' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return errNoID
		}
	}
	return nil
}

var errNoID = errors.New("the id is none of a statement; take it from Start or a PendingError")

// Result is what a statement has done.
type Result struct {
	ID ID
	// HasRows reports whether there are rows to read, of which there may be none.
	HasRows bool
	// Rows is how many rows it found or changed; -1 is not known.
	Rows int64
	// Bytes is the size of the rows; -1 is not known.
	Bytes int64
	// Duration is how long it ran.
	Duration time.Duration
	// Parts are the statements of a batch, each with an ID of its own by which
	// its rows are read; nil for a single statement.
	Parts []Result
}

// Status of a statement.
type Status string

// The statuses.
const (
	Submitted Status = "SUBMITTED" // not looked at yet
	Picked    Status = "PICKED"    // chosen to be run
	Started   Status = "STARTED"
	Finished  Status = "FINISHED"
	Failed    Status = "FAILED"
	Aborted   Status = "ABORTED" // cancelled
)

// Ended reports whether nothing more will happen.
func (s Status) Ended() bool { return s == Finished || s == Failed || s == Aborted }

// State is how a statement goes.
type State struct {
	Result
	Status  Status
	Created time.Time // when it was sent
	Updated time.Time // when the status changed last
	// Err is why it failed or that it was cancelled, as Run would answer it; else
	// nil.
	Err error
}

// PendingError says that a statement goes on although its caller does not wait any
// more. It is found by errors.As in the error of Query, Run, RunBatch and Rows.
type PendingError struct {
	ID     ID     // for State, Rows and Cancel
	Status Status // as it was last known
	Err    error  // why nobody waits: the context's error, or that of asking
}

func (e *PendingError) Error() string {
	text := "statement " + string(e.ID) + " goes on"
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap is why nobody waits.
func (e *PendingError) Unwrap() error { return e.Err }

// FailedError says that a statement has ended without success, and left nothing.
type FailedError struct {
	ID     ID
	Status Status // Failed or Aborted
	detail string
}

func (e *FailedError) Error() string {
	if e.Status == Aborted {
		return "statement " + string(e.ID) + " was cancelled"
	}
	return "statement " + string(e.ID) + " failed (Detail says why)"
}

// Detail is what the warehouse said. It may have SQL and values in it: it is for
// those who may see the data, and for no log.
func (e *FailedError) Detail() string { return e.detail }

// failure is the error of a statement that has ended without success; nil for
// others.
func (d Description) failure() error {
	kind := datastore.ErrUnavailable
	switch d.Status {
	case Failed:
		kind = kindOf(d.Message)
	case Aborted:
	default:
		return nil
	}
	return &datastore.Error{Kind: kind, Code: string(d.Status), Attempts: 1, Err: &FailedError{d.ID, d.Status, d.Message}}
}
