package stream

import (
	"fmt"
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// The limits of Kinesis.
//
// See https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
const (
	// DefaultRecord is the size of a record with its partition key in bytes at
	// most, unless [MaxRecord] declares another.
	DefaultRecord = 1 << 20
	// LargestRecord is what [MaxRecord] can declare.
	LargestRecord = 10 << 20
	// MaxBatch is how many records go into one request.
	MaxBatch = 500
	// MaxRequest is the size of all records of one request in bytes.
	MaxRequest = 10 << 20
	// MaxKey is how many characters a partition key has at most.
	MaxKey = 256
	// MaxRetention is how long records can be kept.
	MaxRetention = 365 * 24 * time.Hour
)

// DefaultRetention is how long records are kept if nothing else is declared, and
// the least that can be.
const DefaultRetention = 24 * time.Hour

// Spec says what a stream is. It is comparable.
type Spec struct {
	Logical    string         // the name in the program: "clicks"
	Shards     int            // how many shards it has; 0 for as many as it needs ("on demand")
	Retention  time.Duration  // how long records are kept; never 0
	MaxRecord  int            // bytes of a record with its key at most; never 0
	Idempotent bool           // records may be written twice
	Key        datastore.Spec // that it is encrypted with, nil for AWS's own; see [EncryptedBy]
}

var _ datastore.Encrypted = Spec{}

// Kind is "stream".
func (s Spec) Kind() string { return "stream" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// EncryptedBy is the Key.
func (s Spec) EncryptedBy() datastore.Spec { return s.Key }

// actions of Kinesis that each operation needs.
var actions = map[string]string{"Put": "PutRecord", "PutMany": "PutRecords"}

// polling is what Lambda reads a stream with. AWS's list has ListStreams too, which
// has no form for one stream alone; but so it does where AWS itself grants it on a
// stream (SAM's KinesisStreamReadPolicy), which allows nothing, and works.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
var polling = []string{"DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"}

// Needs are the Kinesis actions of ops on the stream itself, and for
// [datastore.Receive] what Lambda reads the stream with.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html
func (s Spec) Needs(ops []string) []datastore.Need {
	var list []string
	for _, op := range ops {
		if a, ok := actions[op]; ok {
			list = append(list, a)
		}
	}
	var needs []datastore.Need
	if len(list) > 0 {
		slices.Sort(list)
		needs = append(needs, datastore.Need{Service: "kinesis", Actions: slices.Compact(list), Resource: "stream/{name}",
			Depends: datastore.KeyUse(s.Key, "GenerateDataKey")})
	}
	if slices.Contains(ops, datastore.Receive) {
		needs = append(needs, datastore.Need{Service: "kinesis", Polled: true, Resource: "stream/{name}", Actions: polling,
			Depends: datastore.KeyUse(s.Key, "Decrypt")})
	}
	return needs
}

// Option is a part of the declaration of a stream.
type Option interface{ declare(*Spec) error }

type option func(*Spec)

func (o option) declare(s *Spec) error {
	o(s)
	return nil
}

// Shards declares how many shards the stream has, each of which takes 1 MB and
// 1,000 records a second. Default: as many as it needs, which AWS sees to.
func Shards(n int) Option {
	return option(func(s *Spec) {
		if s.Shards = n; n == 0 {
			s.Shards = -1 // a mistake, and not the lack of a number
		}
	})
}

// Retention declares how long records are kept: 24 hours to 365 days in whole
// hours, default 24 hours.
func Retention(d time.Duration) Option { return option(func(s *Spec) { s.Retention = d }) }

// MaxRecord declares the size of a record with its partition key in bytes at most:
// 1 to 10 MiB in whole KiB, default 1 MiB. Larger records are meant to be few.
//
// See https://docs.aws.amazon.com/streams/latest/dev/large-records.html
func MaxRecord(bytes int) Option { return option(func(s *Spec) { s.MaxRecord = bytes }) }

// Idempotent declares that it does no harm if a record is there twice: one whose
// answer was lost is written again, where otherwise it answers
// [datastore.ErrUnknown].
func Idempotent() Option { return option(func(s *Spec) { s.Idempotent = true }) }

type encrypted struct{ key datastore.Key }

// EncryptedBy declares that records are encrypted with a key of the application's
// own, in place of the one that AWS manages for Kinesis. Who writes is granted
// kms:GenerateDataKey on it, through Kinesis alone.
//
// See https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
func EncryptedBy(key datastore.Key) Option { return encrypted{key} }

func (o encrypted) declare(s *Spec) (err error) {
	s.Key, err = datastore.KeyVia(o.key, "kinesis")
	return err
}

// specOf is the Spec of a declaration, and the mistakes in it.
func specOf(name string, opts []Option) (Spec, []error) {
	s := Spec{Logical: name, Retention: DefaultRetention, MaxRecord: DefaultRecord}
	var errs []error
	wrong := handle.Apply(opts, func(o Option) {
		if err := o.declare(&s); err != nil {
			errs = append(errs, fmt.Errorf("stream %s: %w", name, err))
		}
	})
	if wrong != nil {
		errs = append(errs, fmt.Errorf("stream %s: %w", name, wrong))
	}
	mistake := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("stream "+name+": "+format, args...))
		}
	}
	mistake(s.Shards < 0, "%d shards; write 1 or more, or leave it out", max(s.Shards, 0))
	mistake(s.Retention < DefaultRetention || s.Retention > MaxRetention || s.Retention%time.Hour != 0,
		"retention %v; write whole hours, 24 h to 365 days", s.Retention)
	mistake(s.MaxRecord < DefaultRecord || s.MaxRecord > LargestRecord || s.MaxRecord%1024 != 0,
		"records of %d bytes at most; write whole KiB, 1 to 10 MiB", s.MaxRecord)
	return s, errs
}
