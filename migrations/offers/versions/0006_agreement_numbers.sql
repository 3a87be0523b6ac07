-- Expand. R26: the last number that was given to an agreement of each year.
create table agreement_numbers (
  year int primary key,
  last int not null
);
