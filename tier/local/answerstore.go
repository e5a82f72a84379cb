package local

import (
	"container/list"
	"net/http"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// maxStore is what cached answers may take of this machine's memory in bytes,
// however large the cluster is that AWS would run.
const maxStore = 64 << 20

// maxCached is the largest answer that AWS caches, in bytes of its body.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html.
const maxCached = 1_048_576

// answerStore keeps answers for a time. When it is full, what was not used for longest
// goes first. It is safe for concurrent use.
type answerStore struct {
	max int // bytes

	mu      sync.Mutex
	size    int
	entries map[string]*list.Element
	used    *list.List // of *entry, the last used first
}

// entry is a cached answer. It is not changed.
type entry struct {
	key     string
	status  int
	header  http.Header
	body    []byte
	expires time.Time
	size    int
}

// newAnswerStore is nil for no cache.
func newAnswerStore(c *tier.Cache) *answerStore {
	if c == nil {
		return nil
	}
	return &answerStore{max: maxStore, entries: map[string]*list.Element{}, used: list.New()}
}

// get is the answer under a key that has not expired, nil for none.
func (s *answerStore) get(key string, now time.Time) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[key]
	if e == nil {
		return nil
	}
	if found := e.Value.(*entry); now.Before(found.expires) {
		s.used.MoveToFront(e)
		return found
	}
	s.remove(e)
	return nil
}

// put keeps an answer in place of the one under its key.
func (s *answerStore) put(e *entry) {
	e.size = e.weigh()
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.entries[e.key]; old != nil {
		s.remove(old)
	}
	if e.size > s.max {
		return
	}
	s.entries[e.key] = s.used.PushFront(e)
	s.size += e.size
	for s.size > s.max {
		s.remove(s.used.Back())
	}
}

func (s *answerStore) remove(e *list.Element) {
	gone := s.used.Remove(e).(*entry)
	delete(s.entries, gone.key)
	s.size -= gone.size
}

// weigh is about what the entry takes, the places in the maps included.
func (e *entry) weigh() int {
	const places = 512
	size := places + 2*len(e.key) + len(e.body)
	for name, values := range e.header {
		size += len(name)
		for _, v := range values {
			size += len(v)
		}
	}
	return size
}
