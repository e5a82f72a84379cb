package memorystream

import (
	"bytes"
	"context"
	"crypto/md5"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

// Stream is one stream. It is safe for concurrent use.
type Stream struct {
	spec   stream.Spec
	now    func() time.Time
	bounds []*big.Int // the first hash key behind each shard

	mu       sync.Mutex
	shards   []shard
	sequence uint64
	changed  chan struct{} // closed when there is a new record
}

// shard is the records that are kept, of which the first is the number dropped.
type shard struct {
	records []Record
	dropped int
}

// Record is a record of a stream.
type Record struct {
	stream.Place
	Key       string
	Body      []byte // not to be changed
	ArrivedAt time.Time
}

var _ stream.Conn = (*Stream)(nil)

func newStream(spec stream.Spec, now func() time.Time) *Stream {
	n := spec.Shards
	if n <= 0 {
		n = onDemand
	}
	s := &Stream{spec: spec, now: now, shards: make([]shard, n), changed: make(chan struct{})}
	all := new(big.Int).Lsh(big.NewInt(1), 128)
	for i := range n {
		end := new(big.Int).Mul(all, big.NewInt(int64(i+1)))
		s.bounds = append(s.bounds, end.Div(end, big.NewInt(int64(n))))
	}
	return s
}

// Spec of the stream.
func (s *Stream) Spec() stream.Spec { return s.spec }

// Shards are the ids of the shards, in the order of their hash keys.
func (s *Stream) Shards() []string {
	ids := make([]string, len(s.bounds))
	for i := range ids {
		ids[i] = shardID(i)
	}
	return ids
}

func shardID(i int) string { return fmt.Sprintf("shardId-%012d", i) }

// shardOf is the shard of a record.
func (s *Stream) shardOf(e stream.Envelope) int {
	hash := new(big.Int)
	if e.HashKey != "" {
		hash.SetString(e.HashKey, 10)
	} else {
		sum := md5.Sum([]byte(e.Key))
		hash.SetBytes(sum[:])
	}
	i, _ := slices.BinarySearchFunc(s.bounds, hash, func(end, hash *big.Int) int {
		if end.Cmp(hash) <= 0 {
			return -1
		}
		return 1
	})
	return min(i, len(s.bounds)-1)
}

// Put implements [stream.Conn].
func (s *Stream) Put(ctx context.Context, e stream.Envelope) (stream.Place, error) {
	places, err := s.PutMany(ctx, []stream.Envelope{e})
	if err != nil {
		return stream.Place{}, err
	}
	return places[0], nil
}

// PutMany implements [stream.Conn].
func (s *Stream) PutMany(ctx context.Context, es []stream.Envelope) ([]stream.Place, error) {
	if err := ctx.Err(); err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	places := make([]stream.Place, len(es))
	for i, e := range es {
		at := s.shardOf(e)
		s.sequence++
		// As long as those of Kinesis, whose sequence numbers do not fit 64 bits.
		places[i] = stream.Place{Shard: shardID(at), Sequence: fmt.Sprintf("4957%052d", s.sequence)}
		sh := &s.shards[at]
		sh.expire(now.Add(-s.spec.Retention))
		sh.records = append(sh.records, Record{places[i], e.Key, bytes.Clone(e.Body), now})
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return places, nil
}

// expire drops the records that arrived at that time or before.
func (sh *shard) expire(at time.Time) {
	n := 0
	for n < len(sh.records) && !sh.records[n].ArrivedAt.After(at) {
		n++
	}
	if n > 0 {
		sh.records = slices.Clone(sh.records[n:])
		sh.dropped += n
	}
}
