package otel

import (
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// plan is all that is known of a span before it begins. It is made once for all spans
// that are alike.
type plan struct {
	name string
	opts []trace.SpanStartOption
	http bool // the request came by HTTP
}

func newPlan(name string, kind trace.SpanKind, attrs ...attribute.KeyValue) *plan {
	return &plan{name: name, opts: []trace.SpanStartOption{trace.WithSpanKind(kind), trace.WithAttributes(attrs...)}}
}

// with are the options of a span with one more.
func (p *plan) with(opt trace.SpanStartOption) []trace.SpanStartOption {
	return append(p.opts[:len(p.opts):len(p.opts)], opt)
}

// plans are those that were made so far.
type plans[K comparable] struct {
	mu   sync.RWMutex
	made map[K]*plan
}

func (p *plans[K]) of(key K, make func(K) *plan) *plan {
	p.mu.RLock()
	known := p.made[key]
	p.mu.RUnlock()
	if known != nil {
		return known
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.add(key, make(key))
}

// add keeps a plan. p.mu is held.
func (p *plans[K]) add(key K, own *plan) *plan {
	if p.made == nil {
		p.made = map[K]*plan{}
	}
	p.made[key] = own
	return own
}
