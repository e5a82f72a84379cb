package middleware

import (
	"net/http"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// Marks is what [Once] does to the table of its marks: it reads one by its key and
// puts one under a condition.
//
//	marks := datastore.Use[middleware.Marks](api, table.New[middleware.Mark](data, "marks"))
type Marks interface {
	table.Getter[Mark]
	table.Putter[Mark]
}

// Mark is the item of a table in which [Once] notes what became of a key. One table
// may serve all functions of an App. Applications need not look into it.
//
// It has no part of a payload, and of who called no more than a hash. But the answer
// to a request is stored as it was given, without its cookies: who may read the
// table may read what callers were answered. table.EncryptedBy encrypts it with a
// key of the application's own.
type Mark struct {
	// Key is a hash of the key, and of whose and what for it is.
	Key string `table:"key,pk"`
	// For says what for in words, for people: "worker /queue/jobs", "api POST /orders".
	For string `table:"for"`
	// State of the work.
	State MarkState `table:"state"`
	// Owner is the delivery, or the [OnceOptions].Execution, that works or has worked.
	Owner string `table:"owner"`
	// Until is when the lease of a running delivery ends, in milliseconds since the
	// epoch.
	Until int64 `table:"until"`
	// Runs counts how often the handler was begun for the key.
	Runs int `table:"runs"`
	// Payload is a hash of what was asked for, none for a record that is known by its
	// id.
	Payload []byte `table:"payload"`
	// Answered says that the answer is stored: Status, Header and Body.
	Answered bool `table:"answered"`
	// Status of the answer.
	Status int `table:"status"`
	// Header of the answer.
	Header http.Header `table:"header"`
	// Body of the answer.
	Body []byte `table:"body"`
	// Expires is when the mark is forgotten, in whole seconds.
	Expires time.Time `table:"expires,ttl"`
}

// MarkState is how far the work of a [Mark] is.
type MarkState string

const (
	// MarkRunning: a delivery works, or has died, until its lease ends.
	MarkRunning MarkState = "running"
	// MarkFailed: the handler failed; the next delivery runs it again.
	MarkFailed MarkState = "failed"
	// MarkDone: it took effect; the handler does not run any more.
	MarkDone MarkState = "done"
)

// The conditions under which a mark is put.

// unmarked holds if there is no mark, or one that has expired and was not deleted
// yet.
func unmarked(now time.Time) table.Cond {
	return table.Or(table.NotExists("key"), table.Lt("expires", now))
}

// unchanged holds if the mark is still the one that was read.
func unchanged(m Mark) table.Cond {
	return table.And(table.Eq("owner", m.Owner), table.Eq("runs", m.Runs), table.Eq("state", m.State), table.Eq("until", m.Until))
}

// owned holds if no other delivery has taken the mark over.
func owned(m Mark) table.Cond {
	return table.And(table.Eq("owner", m.Owner), table.Eq("runs", m.Runs))
}
