package template

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// triggers attach a function to the sources whose records it works off.
func (s *stack) triggers(f *tier.Function) {
	for _, t := range f.Triggers() {
		switch feed := t.Feed(); feed.Service {
		case "sqs", "kinesis", "dynamodb":
			s.mapping(t)
		case "kafka":
			s.kafkaMapping(t)
		case "sns":
			s.subscription(triggerID(t)+"Subscription", feed, t.At(), object{
				{"Protocol", "lambda"}, {"Endpoint", invokedARN(f)},
			})
			s.invokedBy(t, triggerID(t), "sns.amazonaws.com", ref(policy.StoreID(feed.Spec)))
		case "s3":
			s.bucketEvents(t)
		case "events":
			s.rule(t)
		case "logs":
			s.logs(t)
		case "scheduler":
			s.schedule(t)
		case "secretsmanager":
			s.rotation(t)
		case "cognito":
			s.askedBy(t)
		case "firehose":
			s.transformed(t)
		}
	}
	s.asynchronous(f)
}

// triggerID is the logical id of what attaches a function to a source, without what
// it is: "WorkerJobsQueue". Several triggers of one bucket are told apart by events and
// prefix.
func triggerID(t *tier.Trigger) string {
	feed := t.Feed()
	words := append([]string{t.DeclaredFor().Name(), feed.Spec.Name(), feed.Spec.Kind()}, feed.Events...)
	return policy.LogicalID(append(words, feed.Prefix)...)
}

// mapping has Lambda read a queue, a stream or the stream of a table for a function,
// which answers with the records that failed.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html.
func (s *stack) mapping(t *tier.Trigger) {
	feed, set := t.Feed(), t.Settings()
	source := "Arn"
	if feed.Service == "dynamodb" {
		source = "StreamArn"
	}
	properties := object{
		{"EventSourceArn", getAtt(policy.StoreID(feed.Spec), source)},
		{"FunctionName", invoked(t.Function())},
		{"FunctionResponseTypes", array{"ReportBatchItemFailures"}},
	}
	properties = append(properties, batches(set)...)
	if feed.Service == "sqs" {
		if set.MaxConcurrent > 0 {
			properties = append(properties, member{"ScalingConfig", object{{"MaximumConcurrency", set.MaxConcurrent}}})
		}
	} else {
		properties = append(properties, member{"StartingPosition", startingPosition(set)}, member{"BisectBatchOnFunctionError", true})
		if set.MaxConcurrent > 0 {
			properties = append(properties, member{"ParallelizationFactor", set.MaxConcurrent})
		}
		if set.Tumbling > 0 {
			properties = append(properties, member{"TumblingWindowInSeconds", seconds(set.Tumbling)})
		}
		properties = append(properties, givenUp(set, "MaximumRecordAgeInSeconds")...)
	}
	s.add(resource{id: triggerID(t) + "Mapping", typ: "AWS::Lambda::EventSourceMapping", at: t.At(), properties: properties})
}

// batches are the properties that say what an invocation gets.
func batches(set tier.TriggerSettings) (properties object) {
	if set.Batch > 0 {
		properties = append(properties, member{"BatchSize", set.Batch})
	}
	if set.Window > 0 {
		properties = append(properties, member{"MaximumBatchingWindowInSeconds", seconds(set.Window)})
	}
	if len(set.Filters) > 0 {
		filters := make(array, len(set.Filters))
		for i, text := range set.Filters {
			filters[i] = object{{"Pattern", text}}
		}
		properties = append(properties, member{"FilterCriteria", object{{"Filters", filters}}})
	}
	return properties
}

// startingPosition is where a stream or a topic of Kafka is read from.
func startingPosition(set tier.TriggerSettings) string {
	if set.FromNow {
		return "LATEST"
	}
	return "TRIM_HORIZON"
}

// givenUp are the properties that say when a record is given up and who hears of it.
func givenUp(set tier.TriggerSettings, age string) (properties object) {
	if set.Retries >= 0 {
		properties = append(properties, member{"MaximumRetryAttempts", set.Retries})
	}
	if set.MaxAge > 0 {
		properties = append(properties, member{age, seconds(set.MaxAge)})
	}
	if set.Failed != nil {
		properties = append(properties, member{"DestinationConfig", object{{"OnFailure", object{{"Destination", storeARN(set.Failed)}}}}})
	}
	return properties
}

// storeARN is the ARN of a queue or a topic.
func storeARN(spec datastore.Spec) reference {
	id := policy.StoreID(spec)
	if spec.Kind() == "topic" {
		return ref(id)
	}
	return getAtt(id, "Arn")
}

// invokedBy lets a service invoke a function for a source alone, and only as more
// says. id is that of what attaches it.
func (s *stack) invokedBy(t *tier.Trigger, id, service string, source reference, more ...member) {
	s.letIn(t, invoked(t.Function()), id, service, source, more...)
}

// letIn is invokedBy for a function, or an alias of it.
func (s *stack) letIn(t *tier.Trigger, function reference, id, service string, source reference, more ...member) {
	s.add(resource{id: id + "Permission", typ: "AWS::Lambda::Permission", at: t.At(), properties: append(object{
		{"Action", "lambda:InvokeFunction"},
		{"FunctionName", function},
		{"Principal", service},
		{"SourceArn", source},
	}, more...)})
	if s.sources == nil {
		s.sources = map[*tier.Function]int{}
	}
	s.sources[t.Function()]++
}

// asynchronous says when an invocation that nobody waits for is given up. A function has
// one such setting: tier sees to it that its triggers agree.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventinvokeconfig.html.
func (s *stack) asynchronous(f *tier.Function) {
	settings, at, _ := f.Asynchronous()
	properties := givenUp(settings, "MaximumEventAgeInSeconds")
	if properties == nil {
		return
	}
	qualifier, after := qualified(f)
	if qualifier == nil {
		qualifier = object{{"Qualifier", "$LATEST"}}
	}
	s.add(resource{id: policy.FunctionID(f) + "Invocations", typ: "AWS::Lambda::EventInvokeConfig", at: at, attributes: after,
		properties: slices.Concat(object{{"FunctionName", ref(policy.FunctionID(f))}}, qualifier, properties)})
}

// subscription has a topic deliver its messages, or those that the filter policy of
// feed takes.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-subscription.html.
func (s *stack) subscription(id string, feed datastore.Feed, at datastore.Position, endpoint object) {
	properties := append(object{{"TopicArn", ref(policy.StoreID(feed.Spec))}}, endpoint...)
	if feed.Filter != "" {
		scope := "MessageAttributes"
		if feed.FilterBody {
			scope = "MessageBody"
		}
		properties = append(properties, member{"FilterPolicy", valueOf(feed.Filter)}, member{"FilterPolicyScope", scope})
	}
	s.add(resource{id: id, typ: "AWS::SNS::Subscription", at: at, properties: properties})
}

// bucketEvents has EventBridge invoke a function for events of a bucket. S3's own
// notifications would make a circle: the bucket would need the function, which has
// the name of the bucket in its environment.
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html.
func (s *stack) bucketEvents(t *tier.Trigger) {
	feed := t.Feed()
	detail := object{{"bucket", object{{"name", array{ref(policy.StoreID(feed.Spec))}}}}}
	if feed.Prefix != "" {
		detail = append(detail, member{"object", object{{"key", array{object{{"prefix", feed.Prefix}}}}}})
	}
	s.eventRule(t, triggerID(t)+"Rule", "", object{
		{"source", array{"aws.s3"}},
		{"detail-type", texts(feed.Events)},
		{"detail", detail},
	})
}

// forwardings put messages of topics into queues. The policies of the queues let
// them.
func (s *stack) forwardings() {
	for _, f := range s.app.Forwardings() {
		id := policy.LogicalID(f.From().Spec.Name(), "topic", f.To().Spec.Name(), "queue", "subscription")
		s.subscription(id, f.From(), f.At(), object{
			{"Protocol", "sqs"}, {"Endpoint", getAtt(policy.StoreID(f.To().Spec), "Arn")}, {"RawMessageDelivery", true},
		})
	}
}

// fromTopics lets the topics that forward to a queue put messages into it.
func (s *stack) fromTopics(spec queue.Spec) (statements []any) {
	for _, f := range s.app.Forwardings() {
		if !datastore.Same(f.To().Spec, spec) {
			continue
		}
		statements = append(statements, object{
			{"Effect", "Allow"},
			{"Principal", object{{"Service", "sns.amazonaws.com"}}},
			{"Action", "sqs:SendMessage"},
			{"Resource", getAtt(policy.StoreID(spec), "Arn")},
			{"Condition", object{{"ArnEquals", object{{"aws:SourceArn", ref(policy.StoreID(f.From().Spec))}}}}},
		})
	}
	return statements
}

// fed reports whether a function works off what a service delivers of a store.
func (s *stack) fed(spec datastore.Spec, service string) bool {
	return slices.ContainsFunc(s.app.Functions(), func(f *tier.Function) bool {
		return slices.ContainsFunc(f.Triggers(), func(t *tier.Trigger) bool {
			return t.Feed().Service == service && datastore.Same(t.Feed().Spec, spec)
		})
	})
}

// valueOf is the value of a JSON text that was checked before, its members in their
// order.
func valueOf(text string) any {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	v, err := nextValue(d)
	if err != nil {
		return object{}
	}
	return v
}

func nextValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		o := object{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			value, err := nextValue(d)
			if err != nil {
				return nil, err
			}
			o = append(o, member{name.(string), value})
		}
		_, err = d.Token()
		return o, err
	case json.Delim('['):
		a := array{}
		for d.More() {
			value, err := nextValue(d)
			if err != nil {
				return nil, err
			}
			a = append(a, value)
		}
		_, err = d.Token()
		return a, err
	case json.Delim('}'), json.Delim(']'):
		return nil, io.ErrUnexpectedEOF
	}
	return token, nil // nil is null
}
