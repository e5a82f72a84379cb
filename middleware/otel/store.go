package otel

import (
	"context"
	"errors"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Watch makes a span of each operation of the stores that are declared on data. It says
// what a kind of store is in AWS, also where another driver stands in for it.
func (t *Tracer) Watch(data *datastore.Data) {
	data.Watch(func(ctx context.Context, op datastore.Operation) (context.Context, func(error)) {
		p := t.ops.of(storeOp{op, data}, storePlan)
		ctx, span := t.tracer.Start(datastore.WithTracing(ctx, t), p.name, p.opts...)
		if !span.IsRecording() {
			return ctx, nil
		}
		return ctx, func(err error) { endOperation(span, op.Spec.Kind(), err) }
	})
}

// storeOp is what the plan of an operation's span follows from.
type storeOp struct {
	datastore.Operation
	data *datastore.Data
}

// The names of systems.
const (
	systemSQS     = "aws_sqs"
	systemSNS     = "aws.sns"
	systemKinesis = "aws.kinesis"
)

// storePlan is that of an operation.
func storePlan(o storeOp) *plan {
	spec, name := o.Spec, o.physical()
	kind, attrs := trace.SpanKindClient, []attribute.KeyValue{text(keyStore, spec.Kind()+" "+spec.Name())}
	messages := func(system string) {
		kind = trace.SpanKindProducer
		attrs = append(attrs, text(keyMessagingSystem, system), text(keyDestination, name), text(keyMessagingOp, o.Op), text(keyMessagingOpType, "send"))
	}
	rpc := func() {
		attrs = append(attrs, text(keyRPCSystem, "aws-api"), text(keyRPCMethod, spec.Kind()+"/"+o.Op))
	}
	switch spec.Kind() {
	case "table":
		attrs = appendDB(attrs, "aws.dynamodb", o.Op, name)
	case "cache":
		attrs = appendDB(attrs, "redis", o.Op, "")
	case "search":
		attrs = appendDB(attrs, "opensearch", o.Op, spec.Name())
	case "warehouse":
		attrs = appendDB(attrs, "aws.redshift", o.Op, "")
	case "sqldb":
		attrs = appendDB(attrs, sqlSystem(spec), o.Op, "")
	case "queue":
		messages(systemSQS)
	case "topic":
		messages(systemSNS)
	case "stream":
		messages(systemKinesis)
		attrs = append(attrs, text(keyStream, name))
	case "call":
		if o.Op == "Start" {
			kind = trace.SpanKindProducer
		}
		region, _ := os.LookupEnv("AWS_REGION")
		attrs = append(attrs, text(keyInvokedName, name), text(keyInvokedProvider, "aws"))
		attrs = appendText(attrs, keyInvokedRegion, region)
	case "service":
		attrs = append(attrs, text(keyPeer, spec.Name()))
	case "blob":
		rpc()
		attrs = append(attrs, text(keyBucket, name))
	default:
		rpc()
	}
	return newPlan(o.Op+" "+spec.Name(), kind, attrs...)
}

func appendDB(attrs []attribute.KeyValue, system, op, collection string) []attribute.KeyValue {
	attrs = append(attrs, text(keyDBSystem, system), text(keyDBOperation, op))
	return appendText(attrs, keyDBCollection, collection)
}

// sqlSystem is what speaks the dialect of a database.
func sqlSystem(spec datastore.Spec) string {
	if s, ok := spec.(interface{ System() string }); ok {
		return s.System()
	}
	return "other_sql"
}

// physical is the store's own name in AWS if it is known, and else that in the
// declaration.
func (o storeOp) physical() string {
	name, _ := o.data.Physical(o.Spec)
	if name = lastOf(name); name == "" {
		return o.Spec.Name()
	}
	return name
}

// endOperation finishes the span of an operation. Of an error it has the kind and the
// code, which are few, and nothing that was stored.
func endOperation(span trace.Span, kind string, err error) {
	defer span.End()
	if err == nil {
		return
	}
	attrs := append(make([]attribute.KeyValue, 0, 4), text(keyErrorType, errorType(err)))
	description := errorType(err)
	if e, ok := errors.AsType[*datastore.Error](err); ok {
		if e.Code != "" {
			attrs = append(attrs, text(statusKey(kind), cut(e.Code)))
			description += ": " + cut(e.Code)
		}
		if e.Attempts > 0 {
			attrs = append(attrs, attribute.Int(keyAttempts, e.Attempts))
		}
	}
	if partial, ok := errors.AsType[*datastore.PartialError](err); ok {
		attrs = append(attrs, attribute.Int(keyFailed, len(partial.Failed)))
	}
	span.SetAttributes(attrs...)
	if !errors.Is(err, datastore.ErrNotFound) && !errors.Is(err, datastore.ErrConflict) {
		span.SetStatus(codes.Error, description)
	}
}

// statusKey is where a kind of store has the code of the service.
func statusKey(kind string) string {
	switch kind {
	case "table", "cache", "search", "warehouse", "sqldb":
		return keyDBStatus
	}
	return keyRPCStatus
}
