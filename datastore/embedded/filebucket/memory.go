package filebucket

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// memory is a shelf in memory.
type memory struct {
	writing sync.Mutex // held by change

	mu      sync.RWMutex
	objects map[string]held
}

type held struct {
	meta
	content []byte // never changed
}

var _ shelf = (*memory)(nil)

func (m *memory) open(key string) (*stored, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	h, ok := m.objects[key]
	if !ok {
		return nil, nil
	}
	return &stored{h.meta, bytes.NewReader(h.content), io.NopCloser(nil)}, nil
}

func (m *memory) keys(prefix string) ([]string, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var keys []string
	for key := range m.objects {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func (m *memory) change(do func() error) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	return do()
}

func (m *memory) remove(key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, key)
	return nil
}

func (m *memory) close() error { return nil }

func (m *memory) draft() (draft, error) { return &memoryDraft{memory: m}, nil }

type memoryDraft struct {
	memory *memory
	bytes.Buffer
}

func (d *memoryDraft) publish(m meta) error {
	d.memory.mu.Lock()
	defer d.memory.mu.Unlock()
	d.memory.objects[m.Key] = held{m, d.Bytes()}
	return nil
}

func (d *memoryDraft) discard() {}
