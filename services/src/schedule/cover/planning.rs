//! Filling the free places of a week: the place that fewest can take goes first, to the one whom it suits best.

use super::rules::{Limits, Person, Place, Standing, obstacles};

/// A shift with free places.
#[derive(Clone, Debug)]
pub struct Opening {
    pub place: Place,
    pub free: usize,
    /// Which of the people, by index, are qualified for it.
    pub qualified: Vec<usize>,
}

/// Somebody takes a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Index of the opening.
    pub opening: usize,
    /// Index of the person.
    pub person: usize,
    /// How it suited them at that moment.
    pub standing: Standing,
}

#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub picks: Vec<Pick>,
    /// Openings, by index, with the places that nobody can take.
    pub unfilled: Vec<(usize, usize)>,
    /// How often somebody was held against a place: grows with openings × people, not with its square.
    pub checks: usize,
}

/// Fills what can be filled; `people` have taken on their shifts afterwards. What somebody takes only ever keeps them from other
/// places, so that a place which nobody can take stays one.
pub fn plan(openings: &[Opening], people: &mut [Person], limits: &Limits) -> Plan {
    let mut plan = Plan::default();
    let mut free: Vec<usize> = openings.iter().map(|o| o.free).collect();
    let mut able: Vec<Vec<usize>> = Vec::with_capacity(openings.len());
    for opening in openings {
        plan.checks += opening.qualified.len();
        let can = |person: &&usize| obstacles(&people[**person], &opening.place, limits).is_empty();
        able.push(opening.qualified.iter().filter(can).copied().collect());
    }
    while let Some(next) = scarcest(openings, &free, &able) {
        let place = &openings[next].place;
        let standings = able[next].iter().map(|person| (*person, Standing::of(&people[*person], place)));
        let Some((person, standing)) = standings.min_by_key(|(_, standing)| standing.rank()) else {
            plan.unfilled.push((next, std::mem::take(&mut free[next])));
            continue;
        };
        people[person].take(*place);
        free[next] -= 1;
        plan.picks.push(Pick { opening: next, person, standing });
        for (i, opening) in openings.iter().enumerate().filter(|(i, _)| free[*i] > 0) {
            // In the order of the indices, hence found by halves.
            let Ok(at) = able[i].binary_search(&person) else { continue };
            plan.checks += 1;
            if !obstacles(&people[person], &opening.place, limits).is_empty() {
                able[i].remove(at);
            }
        }
    }
    plan
}

/// The opening that fewest can take: of several the earliest, then the lowest id.
fn scarcest(openings: &[Opening], free: &[usize], able: &[Vec<usize>]) -> Option<usize> {
    let open = (0..openings.len()).filter(|i| free[*i] > 0);
    open.min_by_key(|i| (able[*i].len(), openings[*i].place.start, openings[*i].place.id))
}
