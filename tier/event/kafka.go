package event

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Cluster is a cluster of Amazon MSK that was made elsewhere. [NewCluster] makes it.
type Cluster struct{ spec ClusterSpec }

// ClusterSpec says what a cluster is.
type ClusterSpec struct {
	Logical string // the name in the program: "main"
	Login   Login

	mistake string // in the options
}

// Login is how Lambda shows a cluster who it is.
type Login uint8

const (
	// ByIAM is with the role of the function, which is the default.
	ByIAM Login = iota
	// BySCRAM is with a user and a password, see [SCRAM].
	BySCRAM
)

// ClusterOption is a part of the declaration of a cluster: [SCRAM].
type ClusterOption interface{ declareCluster(*ClusterSpec) }

type clusterOption func(*ClusterSpec)

func (o clusterOption) declareCluster(s *ClusterSpec) { o(s) }

// SCRAM has Lambda log in with the user and the password of a secret, by SASL/SCRAM
// with SHA-512, in place of the function's role. The secret is one that the cluster is
// associated with, whose name begins with "AmazonMSK_"; MSK wants it to be encrypted
// with a key of one's own. The ARNs of both are parameters of the template.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/msk-cluster-auth.html#msk-sasl-scram
func SCRAM() ClusterOption { return clusterOption(func(s *ClusterSpec) { s.Login = BySCRAM }) }

// NewCluster declares a cluster of Amazon MSK, provisioned or serverless, of the
// account and the region of the application. Its ARN is a parameter of the template,
// "MainCluster" for the name "main", so that one build serves every environment.
//
// Lambda reads it from inside the network of the cluster: the cluster's security group
// must let itself in at the port of the brokers, and the network must have a way to
// AWS Lambda and AWS STS, and with [SCRAM] to AWS Secrets Manager.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/with-msk-cluster-network.html
func NewCluster(name string, opts ...ClusterOption) *Cluster {
	spec := ClusterSpec{Logical: name}
	for _, o := range opts {
		if o == nil {
			spec.mistake = nilOption
			continue
		}
		o.declareCluster(&spec)
	}
	return &Cluster{spec}
}

// Kafka is a topic of Kafka whose records are each a T. [NewKafka] makes it.
type Kafka[T any] struct{ feed datastore.Feed }

var _ datastore.Source[struct{}] = (*Kafka[struct{}])(nil)

// KafkaSpec says what a topic of Kafka is.
type KafkaSpec struct {
	Logical string // the name in the program: "clicks"
	Topic   string // the name in the cluster: "shop.clicks"
	Cluster ClusterSpec
	Group   string // the consumer group; "" for one of the stack's own, see [ConsumerGroup]

	mistake string // in the options
}

var _ datastore.Origin = KafkaSpec{}

// KafkaOption is a part of the declaration of a topic: [ConsumerGroup].
type KafkaOption interface{ declareKafka(*KafkaSpec) }

type consumerGroup string

func (g consumerGroup) declareKafka(s *KafkaSpec) {
	s.Group = string(g)
	if !isKafkaName(s.Group, maxConsumerGroup, "-/*:_+=.@") {
		s.mistake = fmt.Sprintf("event.ConsumerGroup(%q): write up to %d letters, digits and any of -/*:_+=.@", s.Group, maxConsumerGroup)
	}
}

// ConsumerGroup names the consumer group by which Kafka keeps how far the topic was
// read: one that has read it already goes on from there, whatever tier.FromNow says.
// Default: the name of the stack and that of the source, "shop-clicks". No two sources
// may have the same.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/kafka-consumer-group-id.html
func ConsumerGroup(id string) KafkaOption { return consumerGroup(id) }

// The limits of consumer groups and topics.
//
// See https://docs.aws.amazon.com/lambda/latest/api/API_AmazonManagedKafkaEventSourceConfig.html
// and https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
const (
	maxConsumerGroup = 200
	maxKafkaTopic    = 249
)

func isKafkaName(text string, most int, signs string) bool {
	return text != "" && len(text) <= most && !strings.ContainsFunc(text, func(c rune) bool {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		return !letter && (c < '0' || c > '9') && !strings.ContainsRune(signs, c)
	})
}

// NewKafka declares a topic of a cluster, each of whose records has JSON of a T as its
// value, or is a T that is text or bytes:
//
//	main := event.NewCluster("main")
//	clicks := event.NewKafka[Click](main, "clicks", "shop.clicks")
//	tier.On(worker, clicks, func(ctx context.Context, c Click) error { ... })
//
// What else is known of a record is in datastore.RecordFrom: Key, the headers as
// Attributes, partition and offset as ID.
//
// A record of a compacted topic whose value is null says that its key is gone. With a
// T that is a pointer, NewKafka[*Click], the function gets nil for it; a string and a
// []byte are empty, and the Data of the record is nil; for any other T it is a failed
// record.
//
// Records of a partition come in their order, one after the other, also with
// tier.Parallel. If one fails, those behind it in its partition are not begun, and
// Lambda delivers the whole batch again, until all of it was worked off: what else was
// in it comes twice. tier.Pollers narrows that to the records which were not worked
// off. A source is worked off by one function; for another one declare another source
// of the same topic.
//
// Locally records are delivered by hand: go run . fire clicks -key KEY < value.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
func NewKafka[T any](in *Cluster, name, topic string, opts ...KafkaOption) *Kafka[T] {
	spec := KafkaSpec{Logical: name, Topic: topic}
	if in == nil {
		spec.mistake = `the cluster is nil; write event.NewCluster("main")`
	} else {
		spec.Cluster = in.spec
	}
	for _, o := range opts {
		if o == nil {
			spec.mistake = nilOption
			continue
		}
		o.declareKafka(&spec)
	}
	return &Kafka[T]{datastore.Feed{Spec: spec, Service: "kafka", Events: []string{topic}}}
}

// Feed is the records of the topic.
func (k *Kafka[T]) Feed() datastore.Feed { return k.feed }

// Decoder takes a value as it is if a T is text or bytes. Otherwise it is none: a value
// is JSON of a T.
func (k *Kafka[T]) Decoder() func(*datastore.Record, *T) error {
	var none T
	switch any(&none).(type) {
	case *[]byte:
		return func(r *datastore.Record, v *T) error {
			*any(v).(*[]byte) = r.Data
			return nil
		}
	case *string:
		return func(r *datastore.Record, v *T) error {
			*any(v).(*string) = string(r.Data)
			return nil
		}
	}
	return nil
}

// Kind is "cluster".
func (s ClusterSpec) Kind() string { return "cluster" }

// Name is the logical name.
func (s ClusterSpec) Name() string { return s.Logical }

// Needs are none: those of a cluster are the needs of its topics.
func (s ClusterSpec) Needs([]string) []datastore.Need { return nil }

// Kind is "kafka".
func (s KafkaSpec) Kind() string { return "kafka" }

// Name is the logical name.
func (s KafkaSpec) Name() string { return s.Logical }

// Check finds what is wrong with the declaration.
func (s KafkaSpec) Check() error {
	errs := []error{datastore.CheckName(s)}
	if s.Cluster.Logical != "" || s.mistake == "" {
		errs = append(errs, datastore.CheckName(s.Cluster))
	}
	if !isKafkaName(s.Topic, maxKafkaTopic, "._-") || s.Topic == "." || s.Topic == ".." {
		errs = append(errs, fmt.Errorf("the topic %q: write up to %d letters, digits, '.', '_' or '-'", s.Topic, maxKafkaTopic))
	}
	for _, mistake := range []string{s.mistake, s.Cluster.mistake} {
		if mistake != "" {
			errs = append(errs, errors.New(mistake))
		}
	}
	return errors.Join(errs...)
}

// ConsumerGroup is the consumer group, for Fn::Sub.
func (s KafkaSpec) ConsumerGroup() string {
	if s.Group != "" {
		return s.Group
	}
	return "${AWS::StackName}-" + s.Logical
}

// pollerInterfaces are the actions by which Lambda puts its pollers into the network
// of a cluster. They have no narrower resource than "*".
//
// See https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html
var pollerInterfaces = []string{
	"CreateNetworkInterface", "DeleteNetworkInterface", "DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs",
}

// Needs are for [datastore.Receive] what Lambda reads the topic with: "{name}" stands
// for the name and the UUID of the cluster. With [SCRAM] they have the secret and its
// key.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/msk-cluster-auth.html#msk-iam-auth
// and https://docs.aws.amazon.com/service-authorization/latest/reference/list_apachekafkaapisforamazonmskclusters.html
func (s KafkaSpec) Needs(ops []string) []datastore.Need {
	if !slices.Contains(ops, datastore.Receive) {
		return nil
	}
	need := func(service, resource string, actions ...string) datastore.Need {
		return datastore.Need{Service: service, Resource: resource, Actions: actions, Polled: true}
	}
	all := []datastore.Need{
		need("ec2", "*", pollerInterfaces...),
		need("kafka", "*", "GetBootstrapBrokers"),
	}
	if s.Cluster.Login == BySCRAM {
		key := need("kms", "key/{key}", "Decrypt")
		key.Conditions = []datastore.Condition{{Operator: "StringLike", Key: "kms:ViaService", Values: []string{"secretsmanager.*.amazonaws.com*"}}}
		return append(all, need("kafka", "cluster/{name}", "DescribeClusterV2", "ListScramSecrets"),
			need("secretsmanager", "secret:{secret}", "GetSecretValue"), key)
	}
	return append(all, need("kafka", "cluster/{name}", "DescribeClusterV2"),
		need("kafka-cluster", "cluster/{name}", "Connect", "DescribeClusterDynamicConfiguration"),
		need("kafka-cluster", "topic/{name}/"+s.Topic, "DescribeTopic", "ReadData"),
		need("kafka-cluster", "group/{name}/"+s.ConsumerGroup(), "AlterGroup", "DescribeGroup"))
}
