//go:build !unix

package faults

import (
	"errors"
	"testing"
)

const canStop = false

func (p *process) stop(t *testing.T) { t.Skip("processes cannot be stopped on this system") }

func (p *process) resume() error { return errors.ErrUnsupported }
